"""How unlike the training photos a photo is to an ensemble: the mean over its members."""

from collections.abc import Iterable

import numpy as np

from stacker.artifacts.predictions import Predictions


def join_novelty(members: Iterable[Predictions]) -> dict[str, np.ndarray]:
    """What an ensemble's predictions say of novelty: fields of `EnsemblePredictions`.

    Args:
        members: their predictions, in an order that no name decides: sums of floats hang on it.
    """
    parts = list(members)
    return {
        "novelty_validation": np.stack([part.novelty_validation for part in parts]).mean(axis=0),
        "novelty_test": np.stack([part.novelty_test for part in parts]).mean(axis=0),
        "is_watched": np.array(any(bool(part.is_watched) for part in parts)),
    }
