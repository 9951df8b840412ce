"""Does a member that is to be saved give what was predicted with its parts?"""

from collections.abc import Mapping

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.logits import compute_probabilities
from stacker.inference.agreement import QUANTISED_PHOTOS, choose_rows, compare_passes
from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference

CHECKED_PHOTOS = 8

TRAINED = (
    "this machine rounds more coarsely than its precision explains: set `inference.engine: keras`, and "
    "`training.precision: float32`"
)


def check_assembled(
    model: keras.Model,
    images: Mapping[str, np.ndarray],
    predicted: Mapping[str, np.ndarray],
    made_in: str,
    inference: Inference,
    is_frozen: bool,
) -> dict[str, np.ndarray]:
    """Does the model that is saved give, from raw images, what was predicted through features or another engine?

    Args:
        model: the member, whole, as it is saved: it gives probabilities.
        images: by split, uint8, (n, side, side, 3), RGB, 0-255.
        predicted: by split, their logits, float32, (n, 1) or (n, classes).
        made_in: the precision in which they were predicted.
        inference: engine, precision and batch size of a pass of the model.
        is_frozen: do the predictions come from kept features?

    Returns:
        Where they were predicted through int8, what the model gives for test photos, as fields of `Predictions`; else
        nothing.

    Raises:
        PipelineError: it does not, as when the features were made with other weights.
    """
    is_quantised = made_in == "int8"
    split, photos = ("test", QUANTISED_PHOTOS) if is_quantised else ("validation", CHECKED_PHOTOS)
    rows = choose_rows(len(images[split]), photos)  # spread evenly: photos lie in the order of their classes
    if is_quantised:
        predictor = compile_predictor(model, inference, {model.name: images[split].dtype})
        received = predictor.predict({model.name: images[split]}, rows)
    else:
        received = keras.ops.convert_to_numpy(model(np.asarray(images[split][rows], np.float32), training=False))
    agreement = compare_passes(received, compute_probabilities(predicted[split][rows]), made_in)
    if not agreement.is_close:
        others = f"were the features made with other weights? Run `dvc repro --force embed@{model.name}`"
        raise PipelineError(
            f"{model.name}: the assembled model differs by {agreement.difference:.2g} from the predictions (tolerance "
            f"{agreement.tolerance} in {made_in}): {others if is_frozen else TRAINED}"
        )
    return {"saved_rows": rows, "saved_test": received} if is_quantised else {}
