"""The formats that a model can be exported to."""

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from stacker.artifacts.errors import PipelineError

MOST_CHARACTERS = 500  # of what a converter says
EXTRA = "export"
INSTALL = f"pip install --require-hashes -r requirements.lock -r locks/{EXTRA}.lock"


class Format(NamedTuple):
    """One of the formats.

    Attributes:
        writer: the module here that writes it, by a function of the same name as the format's.
        file: what it writes, a file or a folder.
        runtime: what reads it, as people call it.
        distribution: that as it is installed.
        example: the module of `examples` that calls it.
        needs: what writing and running it imports beyond the pipeline's own dependencies.
    """

    writer: str
    file: str
    runtime: str
    distribution: str
    example: str
    needs: tuple[str, ...] = ()

    def write(self, model: Any, folder: Path, calibration: Any = None) -> None:
        """Write a Keras model into a folder, as `file`.

        Args:
            model: as `build_serving_model` gives it.
            folder: where to.
            calibration: the photos to quantise it by, for int8; None for float32.

        Raises:
            PipelineError: the model cannot be written so.
        """
        name, further = f"write_{self.writer.removesuffix('_format')}", []
        if calibration is not None:
            name, further = f"{name}_int8", [calibration]
        write: Callable[..., None] = getattr(importlib.import_module(f"{__package__}.{self.writer}"), name)
        try:
            write(model, folder, *further)
        except PipelineError:
            raise
        except Exception as error:
            # A converter can trip over anything in an architecture, and each has errors of its own.
            reason = " ".join(str(error.__cause__ or error).split())[:MOST_CHARACTERS]
            raise PipelineError(f"{self.file} cannot be written ({type(error).__name__}: {reason})") from error


FORMATS = {
    "keras": Format("keras_format", "model.keras", "Keras", "keras", "keras_runtime"),
    "savedmodel": Format("savedmodel_format", "model", "TensorFlow", "tensorflow", "tensorflow_runtime"),
    "onnx": Format(
        "onnx_format", "model.onnx", "ONNX Runtime", "onnxruntime", "onnx_runtime", ("onnx", "onnxruntime", "tf2onnx")
    ),
    "litert": Format(
        "litert_format", "model.tflite", "LiteRT", "ai-edge-litert", "litert_runtime", ("ai_edge_litert",)
    ),
    "openvino": Format("openvino_format", "model.xml", "OpenVINO", "openvino", "openvino_runtime"),
}


def check_installed(names: Sequence[str]) -> None:
    """Is all there that these formats need?

    Raises:
        PipelineError: naming the packages, and how to install them.
    """
    missing = {name: [one for one in FORMATS[name].needs if importlib.util.find_spec(one) is None] for name in names}
    listed = "; ".join(f"{name} needs {', '.join(packages)}" for name, packages in missing.items() if packages)
    if listed:
        raise PipelineError(f"{listed}: install the extra `{EXTRA}`, with `{INSTALL}`")
