"""Push images through a frozen Keras model as fast as the machine can.

On a CPU, Keras' own `predict` leaves most of the machine idle; OpenVINO's asynchronous requests do not
(benchmarks/RESULTS.md).
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.progress import Progress, join_progress
from stacker.inference.choosing import choose_engine, has_amx, settle_precision
from stacker.inference.openvino_export import export_openvino
from stacker.inference.quantising import quantise
from stacker.settings.inference import Inference

Inputs = Mapping[str, np.ndarray]
Batches = Iterator[tuple[int, dict[str, np.ndarray]]]  # the number of the first row, and the arrays by input
Keep = Callable[[int, np.ndarray], None]  # is given the number of the first row, and the outputs


class Predictor:
    """A model made ready for one batch size, to be called on any number of arrays.

    Attributes:
        engine: "keras" or "openvino", never "auto".
        precision: "float32", "bfloat16" or "int8", as it really runs.
    """

    engine: str
    precision: str

    def __init__(self, model: keras.Model, batch_size: int):
        self.name = model.name
        self.width = model.output_shape[1]
        self.batch_size = batch_size

    def predict(
        self,
        inputs: Inputs,
        rows: np.ndarray | None = None,
        outputs: np.ndarray | None = None,
        bar: Progress | None = None,
    ) -> np.ndarray:
        """Push rows through the model.

        Args:
            inputs: by input name, arrays of equal length; images are uint8, (n, height, width, 3), RGB, 0-255, and may
                be memory-mapped: a batch is read at a time.
            rows: int64, (m,), the rows to take; None for all n.
            outputs: float32, (m, width), to write into, such as a memory map; None for a new array.
            bar: to move on, photo by photo; None shows one of its own.

        Returns:
            Outputs, float32, (m, width).
        """
        if rows is None:
            rows = np.arange(len(next(iter(inputs.values()))))
        if outputs is None:
            outputs = np.empty((len(rows), self.width), np.float32)
        count = len(rows)

        def keep(start: int, values: np.ndarray) -> None:
            outputs[start : start + len(values)] = values[: count - start]

        with join_progress(bar, f"{self.name}: predicting", count, "photos") as shown:
            self.run(self._cut(inputs, rows, shown), keep)
        return outputs

    def run(self, batches: Batches, keep: Keep) -> None:
        """Push batches through the model, several at once where the engine can.

        Args:
            batches: of full size each; the next is asked for while earlier ones are at work.
            keep: is called with the number of a batch and its outputs, float32, (batch_size, width), in the order of
                the batches; they are valid until it returns.
        """
        raise NotImplementedError

    def _cut(self, inputs: Inputs, rows: np.ndarray, bar: Progress) -> Batches:
        """The batches of `rows`; the bar moves on when the next one is asked for."""
        for start in range(0, len(rows), self.batch_size):
            yield start, self._take(inputs, rows, start)
            bar.update(min(self.batch_size, len(rows) - start))

    def _take(self, inputs: Inputs, rows: np.ndarray, start: int) -> dict[str, np.ndarray]:
        """A batch of full size: the last one repeats its last row."""
        taken = rows[start : start + self.batch_size]
        padded = np.concatenate([taken, np.repeat(taken[-1:], self.batch_size - len(taken))])
        return {name: np.ascontiguousarray(values[padded]) for name, values in inputs.items()}


class KerasPredictor(Predictor):
    engine = "keras"
    precision = "float32"

    def __init__(self, model: keras.Model, settings: Inference):
        super().__init__(model, settings.batch_size)
        if settings.precision != self.precision:
            raise PipelineError(
                f"inference.precision: {settings.precision} needs the engine openvino, received keras: set "
                "`inference.precision: float32`, or, with `backend: tensorflow`, `inference.engine: openvino`"
            )
        self.model = model

    def run(self, batches: Batches, keep: Keep) -> None:
        for start, batch in batches:
            given = batch if len(batch) > 1 else next(iter(batch.values()))
            keep(start, self.model.predict_on_batch(given))


class OpenVINOPredictor(Predictor):
    engine = "openvino"

    def __init__(
        self, model: keras.Model, settings: Inference, dtypes: Mapping[str, np.dtype], calibration: Inputs | None
    ):
        super().__init__(model, settings.batch_size)
        import openvino

        core = openvino.Core()
        network = export_openvino(model, core)
        if settings.precision == "int8" and calibration is not None:
            network = quantise(network, calibration)
        network.reshape({name: [self.batch_size, *network.input(name).partial_shape[1:]] for name in dtypes})
        preprocessor = openvino.preprocess.PrePostProcessor(network)
        for name, dtype in dtypes.items():
            preprocessor.input(name).tensor().set_element_type(openvino.Type(dtype))  # cast inside: less to copy
        # Said outright: on a CPU with AMX, OpenVINO would choose bfloat16 by itself.
        precision = openvino.Type.bf16 if settings.precision == "bfloat16" else openvino.Type.f32
        hints = {"PERFORMANCE_HINT": "THROUGHPUT", "INFERENCE_PRECISION_HINT": precision}
        self.compiled = core.compile_model(preprocessor.build(), "CPU", hints)
        is_native = precision == openvino.Type.f32 or "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        if not is_native or self.compiled.get_property("INFERENCE_PRECISION_HINT") != precision:
            # some CPUs with AVX-512 take the hint all the same, and imitate bfloat16 more slowly than float32 runs
            raise PipelineError(
                f"inference.precision: this CPU has no {settings.precision}: set `inference.precision: float32`"
            )
        self.precision = settings.precision
        if precision == openvino.Type.bf16 and not has_amx():
            print(
                "warning: inference.precision: bfloat16 is slower than float32 on a CPU without AMX (measured: 0.56 to "
                "0.77 of its photos a second); `auto` takes it where it is faster",
                flush=True,
            )
        # One more than run at once, so that the next batch is ready when one ends.
        count = self.compiled.get_property("OPTIMAL_NUMBER_OF_INFER_REQUESTS") + 1
        self.requests = [self.compiled.create_infer_request() for _ in range(count)]

    def run(self, batches: Batches, keep: Keep) -> None:
        # A ring of asynchronous requests, and no AsyncInferQueue: the destruction of that one races with its callbacks,
        # and ended the process now and then ("Resource deadlock avoided"; openvinotoolkit/openvino#37073 is akin).
        running: deque[tuple[Any, int]] = deque()
        idle = deque(self.requests)
        for start, batch in batches:
            if not idle:
                idle.append(self._collect(*running.popleft(), keep))
            request = idle.popleft()
            request.start_async(batch)
            running.append((request, start))
        while running:
            self._collect(*running.popleft(), keep)

    def _collect(self, request: Any, start: int, keep: Keep) -> Any:
        request.wait()
        keep(start, request.get_output_tensor(0).data)
        return request


def compile_predictor(
    model: keras.Model, settings: Inference, dtypes: Mapping[str, np.dtype], calibration: Inputs | None = None
) -> Predictor:
    """Make `model` ready on the engine that `settings` names, in its precision; "auto" is resolved.

    Args:
        model: a Keras model with one output, (n, width).
        settings: engine, precision and batch size.
        dtypes: the dtype of the array that each input, by name, will be fed.
        calibration: by input name, the photos to quantise by, where the precision is int8; a network without them, such
            as one that was trained here, runs in float32 then.

    Raises:
        PipelineError: the model has other inputs, or the engine cannot run it, or not in this precision; the message
            names the setting.
    """
    names = {tensor.name for tensor in model.inputs}
    if set(dtypes) != names:
        raise PipelineError(f"{model.name} takes the inputs {sorted(names)}, received {sorted(dtypes)}")
    settings = settle_precision(settings, can_quantise=calibration is not None)
    if choose_engine(settings.engine) == "keras":
        return KerasPredictor(model, settings)
    return OpenVINOPredictor(model, settings, dtypes, calibration)
