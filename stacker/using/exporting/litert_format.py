"""LiteRT, which was TensorFlow Lite."""

from pathlib import Path

import keras
import tensorflow

from stacker.using.exporting.tracing import trace_model


def write_litert(model: keras.Model, folder: Path) -> None:
    """Write `model.tflite`, of LiteRT's own operations alone, with the signature `serving_default`."""
    module = trace_model(model)
    converter = tensorflow.lite.TFLiteConverter.from_concrete_functions([module.serve.get_concrete_function()], module)
    (folder / "model.tflite").write_bytes(converter.convert())
