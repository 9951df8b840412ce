"""A Keras model as one TensorFlow function, which every other format is made from."""

from typing import Any

import keras
import tensorflow

from stacker.using.exporting.serving_model import NOVELTY, PROBABILITIES


def trace_model(model: keras.Model) -> tensorflow.Module:
    """Trace the model once.

    Keras' own exports trace every nested model several times over, print, and give outputs numbered names.

    Args:
        model: as `build_serving_model` gives it.

    Returns:
        A module whose `serve` takes the images by their inputs' names, any number of photos at a time, and gives
        `probabilities` and `novelty`; it holds the variables that `serve` uses.
    """
    signature = [tensorflow.TensorSpec(tensor.shape, tensor.dtype, tensor.name) for tensor in model.inputs]

    @tensorflow.function(autograph=False, input_signature=signature)  # type: ignore[untyped-decorator] # no types
    def serve(*images: Any) -> dict[str, Any]:
        answers = model(images[0] if len(images) == 1 else list(images), training=False)
        return {name: answers[name] for name in (PROBABILITIES, NOVELTY)}

    module = tensorflow.Module()
    module.held = [variable.value for variable in model.variables]
    module.serve = serve
    return module
