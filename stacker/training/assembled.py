"""Does a member that is to be saved give what was predicted with its parts?"""

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import compute_probabilities
from stacker.inference.agreement import find_tolerance

CHECKED_ROWS = 8


def check_assembled(model: keras.Model, images: np.ndarray, predicted: np.ndarray, precision: str) -> None:
    """Does the model that is saved give, from raw images, what was predicted through features or another engine?

    Args:
        model: the member, whole, as it is saved: it gives probabilities.
        images: of the validation split, uint8, (n, side, side, 3), RGB, 0-255.
        predicted: their logits, float32, (n, 1) or (n, classes).
        precision: in which they were predicted.

    Raises:
        PipelineError: it does not, as when the features were made with other weights.
    """
    tolerance = find_tolerance(precision)
    received = keras.ops.convert_to_numpy(model(np.asarray(images[:CHECKED_ROWS], np.float32), training=False))
    difference = float(np.abs(received - compute_probabilities(predicted[:CHECKED_ROWS])).max())
    if not difference < tolerance:
        raise PipelineError(
            f"{model.name}: the assembled model differs by {difference:.2g} from the predictions (tolerance "
            f"{tolerance}): were the features made with other weights? Run `dvc repro --force embed@{model.name}`"
        )
