"""What one wants to know of a model's answers beside its scores: pure functions, no network."""

from typing import Any

import numpy as np
from sklearn.metrics import confusion_matrix

from stacker.scoring.intervals import compute_accuracy_interval
from stacker.scoring.score_intervals import compute_score_intervals
from stacker.scoring.scores import CALIBRATION_BINS, find_bins


def describe_answers(
    labels: np.ndarray, probabilities: np.ndarray, classes: list[str], groups: np.ndarray
) -> dict[str, Any]:
    """How sure the scores are, and where the errors lie; arguments as in `stacker.scoring.scores.compute_scores`.

    Returns:
        Intervals of the scores, as `compute_score_intervals` gives them; `recall_low` and `recall_high`, Wilson's, of
        the classes that the rows have; `confusion`, how many photos of a class are taken for which, errors or not,
        where there are any; `calibration`, by bin of the confidence in the predicted class.
    """
    right = probabilities.argmax(axis=1) == labels
    intervals = {
        name: compute_accuracy_interval(right[labels == number], groups[labels == number])
        for number, name in enumerate(classes)
        if (labels == number).any()
    }
    return {
        **compute_score_intervals(labels, probabilities, groups),
        "recall_low": {name: low for name, (low, _) in intervals.items()},
        "recall_high": {name: high for name, (_, high) in intervals.items()},
        "confusion": count_confusion(labels, probabilities.argmax(axis=1), classes),
        "calibration": describe_calibration(labels, probabilities, groups),
    }


def count_confusion(labels: np.ndarray, predicted: np.ndarray, classes: list[str]) -> dict[str, dict[str, int]]:
    """By true class and predicted class, how many rows; what never happens is left out, as there are many classes."""
    table = confusion_matrix(labels, predicted, labels=range(len(classes)))
    return {
        truth: {guess: int(count) for guess, count in zip(classes, row, strict=True) if count}
        for truth, row in zip(classes, table, strict=True)
    }


def describe_calibration(
    labels: np.ndarray, probabilities: np.ndarray, groups: np.ndarray
) -> dict[str, dict[str, float]]:
    """By bin of the confidence, such as "0.9333 to 1.0000", what was promised and what came of it.

    Returns:
        `n`, the mean `confidence`, the `accuracy` with Wilson's interval (`accuracy_low`, `accuracy_high`), for each
        bin that has rows, ascending.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    numbers = find_bins(confidence)
    bins = {}
    for number in np.unique(numbers):
        rows = numbers == number
        low, high = compute_accuracy_interval(right[rows], groups[rows])
        bins[f"{number / CALIBRATION_BINS:.4f} to {(number + 1) / CALIBRATION_BINS:.4f}"] = {
            "n": int(rows.sum()),
            "confidence": float(confidence[rows].mean()),
            "accuracy": float(right[rows].mean()),
            "accuracy_low": low,
            "accuracy_high": high,
        }
    return bins
