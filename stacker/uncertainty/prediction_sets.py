"""Prediction sets by split conformal prediction: which classes are not to be ruled out.

A class belongs to a photo's set where its probability is no less than a threshold, taken from photos that the model has
not learnt so that the right class is in the set for the share of photos that was asked for, whatever the model (Vovk et
al., "Algorithmic learning in a random world", 2005; sets of this form: Sadinle et al., "Least ambiguous set-valued
classifiers with bounded error levels", 2019). The most likely class always belongs: a model that is right more often
than asked would else leave sets empty, and they cover more than asked instead.

A level that the model's own accuracy reaches is kept by sets of one class, which express no doubt. So there are three,
and what is said of a photo goes by the lowest that lies above.
"""

import math
from collections.abc import Mapping

import numpy as np

LEVELS = ("0.9", "0.95", "0.99")  # the share of photos whose set has the right class; text, as keys of JSON are


def find_thresholds(labels: np.ndarray, probabilities: np.ndarray) -> dict[str, float]:
    """The least probability that a class of the set has, by level.

    Args:
        labels: int64, (n,), of photos that the model has not learnt.
        probabilities: float64, (n, k), rows sum to 1.

    Returns:
        0 to 1; 0 where n is too small for the level: then every class belongs.
    """
    right = np.sort(probabilities[np.arange(len(labels)), labels])[::-1]
    return {level: _take(right, float(level)) for level in LEVELS}


def build_sets(probabilities: np.ndarray, threshold: float) -> np.ndarray:
    """Which classes belong to the set of each photo.

    Args:
        probabilities: float64, (n, k), rows sum to 1.
        threshold: the least probability of a class that belongs.

    Returns:
        Bool, (n, k), at least one true in each row.
    """
    sets: np.ndarray = probabilities >= threshold
    sets[np.arange(len(sets)), probabilities.argmax(axis=1)] = True
    return sets


def choose_level(accuracy: float, thresholds: Mapping[str, float]) -> str:
    """The level that verdicts go by: the lowest above the accuracy, or else the highest.

    Args:
        accuracy: of the model, on photos that it has not learnt, 0 to 1.
        thresholds: by level; one of 0 was beyond what the photos could tell, and is left out where others are not.
    """
    told = [level for level in LEVELS if thresholds[level] > 0] or list(LEVELS)
    above = [level for level in told if float(level) > accuracy]
    return above[0] if above else told[-1]


def _take(descending: np.ndarray, level: float) -> float:
    """The order statistic that holds for a new photo too: one more photo counts, as if it had the worst score."""
    rank = math.ceil(round((len(descending) + 1) * level, 9))  # rounded: 200 x 0.95 is 190.00000000000003 to Python
    return float(descending[rank - 1]) if rank <= len(descending) else 0.0
