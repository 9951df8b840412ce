"""What a saved file in float32 gives, beside predictions that came through int8: pure functions."""

from typing import Any

import numpy as np

from stacker.artifacts.logits import compute_probabilities
from stacker.artifacts.predictions import EnsemblePredictions, Predictions
from stacker.inference.agreement import decide
from stacker.scoring.intervals import compute_accuracy_interval
from stacker.scoring.rows import Rows


def compare_saved_file(predictions: Predictions | EnsemblePredictions, test: Rows) -> dict[str, Any] | None:
    """How far the answers of the saved file lie from those that are scored; None where they are the same network's.

    Args:
        predictions: of one model.
        test: all rows of the test split.

    Returns:
        `n` test photos that went through the file; `largest_difference` and `mean_difference` of a photo's
        probabilities, and `equal`, the share of equal decisions; `accuracy` of the file with its interval
        (`accuracy_low`, `accuracy_high`), and `accuracy_int8`, of the same photos.
    """
    rows = predictions.saved_rows
    if not len(rows):
        return None
    saved, scored = predictions.saved_test, compute_probabilities(predictions.test[rows])
    apart = np.abs(saved - scored).max(axis=1)
    guesses = {"saved": decide(saved), "scored": decide(scored)}
    right = guesses["saved"] == test.labels[rows]
    low, high = compute_accuracy_interval(right, test.groups[rows])
    return {
        "n": len(rows),
        "largest_difference": float(apart.max()),
        "mean_difference": float(apart.mean()),
        "equal": float(np.mean(guesses["saved"] == guesses["scored"])),
        "accuracy": float(right.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "accuracy_int8": float(np.mean(guesses["scored"] == test.labels[rows])),
    }
