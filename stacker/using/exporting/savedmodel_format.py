"""TensorFlow's SavedModel."""

import logging
from pathlib import Path

import keras
import tensorflow

from stacker.using.exporting.tracing import trace_model


def write_savedmodel(model: keras.Model, folder: Path) -> None:
    """Write the folder `model/`, with the signature `serving_default`, and the same as the function `serve`."""
    module = trace_model(model)
    log = logging.getLogger("tensorflow")
    level = log.level
    log.setLevel(logging.WARNING)  # where it was written, we know
    try:
        tensorflow.saved_model.save(module, str(folder / "model"), signatures={"serving_default": module.serve})
    finally:
        log.setLevel(level)
