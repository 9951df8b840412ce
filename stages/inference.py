"""Push images through a frozen Keras model as fast as the machine can.

On a CPU, Keras' own `predict` leaves most of the machine idle; OpenVINO's asynchronous requests do not
(benchmarks/RESULTS.md). Keras itself exports the model.
"""

import os
import tempfile
from collections import deque
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from tqdm import tqdm

from stages.errors import PipelineError
from stages.schema import Inference

Inputs = Mapping[str, np.ndarray]


class Predictor:
    """A model made ready for one batch size, to be called on any number of arrays.

    Attributes:
        engine: "keras" or "openvino", never "auto".
        precision: "float32" or "bfloat16", as it really runs.
    """

    engine: str
    precision: str

    def __init__(self, model: keras.Model, batch_size: int):
        self.name = model.name
        self.width = model.output_shape[1]
        self.batch_size = batch_size

    def predict(self, inputs: Inputs) -> np.ndarray:
        """Push all rows through the model.

        Args:
            inputs: by input name, arrays of n rows; images are uint8, (n, height, width, 3), RGB, 0-255, and may be
                memory-mapped.

        Returns:
            Outputs, float32, (n, width).
        """
        rows = len(next(iter(inputs.values())))
        outputs = np.empty((rows, self.width), np.float32)
        starts = tqdm(range(0, rows, self.batch_size), f"{self.name} ({self.engine})", mininterval=2, leave=False)
        self._run(((start, self._take(inputs, start)) for start in starts), outputs)
        return outputs

    def _run(self, batches: Iterator[tuple[int, dict[str, np.ndarray]]], outputs: np.ndarray) -> None:
        raise NotImplementedError

    def _take(self, inputs: Inputs, start: int) -> dict[str, np.ndarray]:
        """A batch of full size: the last one repeats its last row."""
        batch = {name: np.asarray(values[start : start + self.batch_size]) for name, values in inputs.items()}
        missing = self.batch_size - len(next(iter(batch.values())))
        if missing:
            batch = {name: np.concatenate([rows, np.repeat(rows[-1:], missing, 0)]) for name, rows in batch.items()}
        return batch


class KerasPredictor(Predictor):
    engine = "keras"
    precision = "float32"

    def __init__(self, model: keras.Model, settings: Inference):
        super().__init__(model, settings.batch_size)
        if settings.precision != self.precision:
            raise PipelineError(
                f"inference.precision: {settings.precision} needs the engine openvino, received keras: set "
                "`inference.precision: float32`, or `inference.engine: openvino`"
            )
        self.model = model

    def _run(self, batches, outputs):
        for start, batch in batches:
            given = batch if len(batch) > 1 else next(iter(batch.values()))
            outputs[start : start + self.batch_size] = self.model.predict_on_batch(given)[: len(outputs) - start]


class OpenVINOPredictor(Predictor):
    engine = "openvino"

    def __init__(self, model: keras.Model, settings: Inference, dtypes: Mapping[str, np.dtype]):
        super().__init__(model, settings.batch_size)
        import openvino

        core = openvino.Core()
        network = export_openvino(model, core)
        network.reshape({name: [self.batch_size, *network.input(name).partial_shape[1:]] for name in dtypes})
        preprocessor = openvino.preprocess.PrePostProcessor(network)
        for name, dtype in dtypes.items():
            preprocessor.input(name).tensor().set_element_type(openvino.Type(dtype))  # cast inside: less to copy
        # Said outright: on a CPU with AMX, OpenVINO would choose bfloat16 by itself.
        precision = openvino.Type.f32 if settings.precision == "float32" else openvino.Type.bf16
        hints = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
        self.compiled = core.compile_model(preprocessor.build(), "CPU", hints)
        if self.compiled.get_property("INFERENCE_PRECISION_HINT") != precision:
            raise PipelineError(
                f"inference.precision: this CPU has no {settings.precision}: set `inference.precision: float32`"
            )
        self.precision = settings.precision

    def _run(self, batches, outputs):
        # Not openvino.AsyncInferQueue: it returns before its threads have let go of the model, and where that was the
        # last use, a thread waits for itself and the process aborts ("Resource deadlock avoided").
        count = self.compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS")
        free = [self.compiled.create_infer_request() for _ in range(count)]
        running: deque[tuple[int, Any]] = deque()

        def keep_oldest() -> None:
            start, request = running.popleft()
            request.wait()
            outputs[start : start + self.batch_size] = request.get_output_tensor(0).data[: len(outputs) - start]
            free.append(request)

        for start, batch in batches:
            if not free:
                keep_oldest()
            request = free.pop()
            request.start_async(batch)
            running.append((start, request))
        while running:
            keep_oldest()


def compile_predictor(model: keras.Model, settings: Inference, dtypes: Mapping[str, np.dtype]) -> Predictor:
    """Make `model` ready on the engine that `settings` names; "auto" is Keras where it has an accelerator.

    Args:
        model: a Keras model with one output, (n, width).
        settings: engine, precision and batch size.
        dtypes: the dtype of the array that each input, by name, will be fed.

    Raises:
        PipelineError: the model has other inputs, or the engine cannot run it, or not in this precision; the message
            names the setting.
    """
    names = {tensor.name for tensor in model.inputs}
    if set(dtypes) != names:
        raise PipelineError(f"{model.name} takes the inputs {sorted(names)}, received {sorted(dtypes)}")
    if choose_engine(settings.engine) == "keras":
        return KerasPredictor(model, settings)
    return OpenVINOPredictor(model, settings, dtypes)


def choose_engine(engine: str) -> str:
    """Resolve "auto": Keras where its backend has an accelerator, else OpenVINO."""
    if engine != "auto":
        return engine
    return "keras" if keras.distribution.list_devices("gpu") or keras.distribution.list_devices("tpu") else "openvino"


def export_openvino(model: keras.Model, core: Any) -> Any:
    """The model as an `openvino.Model`, read by `core`.

    Raises:
        PipelineError: the export fails for this architecture.
    """
    os.environ.setdefault("OPENVINO_TELEMETRY_OPT_OUT", "1")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.xml"
        try:
            model.export(str(path), format="openvino", verbose=False)
        except Exception as error:
            # An exporter can trip over anything in an architecture; the way out is always the same setting.
            raise PipelineError(
                f"{model.name} cannot be exported to OpenVINO ({type(error).__name__}: {error}): set "
                "`inference.engine: keras`"
            ) from error
        return core.read_model(path)
