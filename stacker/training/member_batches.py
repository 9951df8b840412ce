"""The batches that a member learns from, and those that are watched."""

from collections.abc import Mapping

import numpy as np

from stacker.settings.training import Training
from stacker.training.batches import Batches, encode_targets
from stacker.training.class_weights import compute_class_weights
from stacker.training.member_data import MemberData


def build_batches(
    data: MemberData, inputs: Mapping[str, np.ndarray], rows: np.ndarray, training: Training, width: int
) -> tuple[Batches, Batches]:
    """Batches of `rows` of the train split, and of the whole validation split.

    Args:
        data: for the labels.
        inputs: by split, what the model takes.
        rows: int64, (m,), of the train split, to learn from.
        training: the settings.
        width: of the model's output.
    """
    labels, watched = data.labels["train"], data.labels["validation"]
    weights = watched_weights = None
    if training.class_weights == "balanced":
        weights = np.ones(len(labels), np.float32)
        weights[rows] = compute_class_weights(labels[rows])
        # or the rare class could not stop the fit
        watched_weights = compute_class_weights(watched).astype(np.float32)
    size, everything = training.batch_size, np.arange(len(watched))
    train = Batches(inputs["train"], encode_targets(labels, width), rows, size, training.seed, weights)
    validation = Batches(
        inputs["validation"], encode_targets(watched, width), everything, size, weights=watched_weights
    )
    return train, validation
