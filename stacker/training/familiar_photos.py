"""What a member knows of the photos that it was trained on, and how unlike them the others are."""

import keras
import numpy as np

from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference
from stacker.settings.members import Member
from stacker.training.member_data import MemberData
from stacker.uncertainty.novelty import MOST_ROWS, Familiar, learn_familiar, measure_novelty


def learn_photos(
    model: keras.Model, data: MemberData, settings: Member, inference: Inference
) -> tuple[Familiar, dict[str, np.ndarray]]:
    """What a member knows of the training photos, and how unlike them those of the other splits are.

    Args:
        model: the member, whole, as it is saved.
        data: what it was trained on.
        settings: the member's.
        inference: engine, precision and batch size.

    Returns:
        What it knows, and as fields of `Predictions` the novelty of every row of validation and test, float32, (n,).
    """
    features = find_features(model, data, settings, inference)
    familiar = learn_familiar(features["train"], features["validation"])
    novelty = {f"novelty_{split}": measure_novelty(features[split], familiar) for split in ("validation", "test")}
    return familiar, novelty


def find_features(
    model: keras.Model, data: MemberData, settings: Member, inference: Inference
) -> dict[str, np.ndarray]:
    """The features of the saved member: kept ones, or, where its network was trained, by another pass.

    Returns:
        By split, float32, (n, f); of a trained network, no more than `MOST_ROWS` rows of the train split.
    """
    if not settings.backbone.trainable and settings.training.fine_tune is None:
        return data.features
    images = data.images
    count = len(images["train"])
    spread = np.arange(min(count, MOST_ROWS)) * count // min(count, MOST_ROWS)
    backbone = keras.Model(model.input, model.get_layer("pool").output, name=f"{model.name}_backbone")
    predictor = compile_predictor(backbone, inference, {model.name: images["train"].dtype})
    rows = {"train": spread, "validation": None, "test": None}
    return {split: predictor.predict({model.name: images[split]}, rows[split]) for split in rows}
