"""Do prediction sets keep what they promise on the test split, and how many of its photos are called novel?"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import EnsemblePredictions, Predictions
from stacker.scoring.intervals import compute_accuracy_interval
from stacker.scoring.rows import Rows
from stacker.uncertainty.novelty import find_novelty_threshold
from stacker.uncertainty.prediction_sets import build_sets, find_thresholds


def measure_doubt(
    predictions: Predictions | EnsemblePredictions, validation_labels: np.ndarray, test: Rows
) -> dict[str, Any]:
    """Coverage and size of prediction sets, and the share of photos called novel, on the test split.

    Args:
        predictions: of the model.
        validation_labels: int64, (n,): the thresholds come from the validation split.
        test: the rows of the test split.

    Returns:
        `sets`, by level: `threshold`, `coverage` (the share of photos whose set has the right class) with its 95 %
        interval, `mean_size` (classes a set), `single` (the share of sets of one class); and `novelty`, where there
        were photos enough: `threshold`, and `share` of test photos above it, with its interval: false alarms, as they
        are photos like the training ones.
    """
    probabilities = spread_classes(predictions.test)
    thresholds = find_thresholds(validation_labels, spread_classes(predictions.validation))
    doubt: dict[str, Any] = {
        "thresholds_from": {
            "rows": "validation",
            "n": len(validation_labels),
            "watched_by_early_stopping": bool(predictions.is_watched),
        },
        "sets": {level: _measure_sets(probabilities, threshold, test) for level, threshold in thresholds.items()},
    }
    least = find_novelty_threshold(predictions.novelty_validation)
    if least is not None:
        is_novel = predictions.novelty_test > least
        low, high = compute_accuracy_interval(is_novel, test.groups)
        doubt["novelty"] = {
            "threshold": least,
            "share": float(is_novel.mean()),
            "share_low": low,
            "share_high": high,
        }
    return doubt


def describe_doubt(facts: Mapping[str, Any]) -> Iterator[str]:
    """A line a level, and one on novelty."""
    for level, found in facts["sets"].items():
        yield (
            f"prediction sets at {float(level):.0%}: the right class is in {found['coverage']:.2%} (95 % "
            f"{found['coverage_low']:.2%} to {found['coverage_high']:.2%}), {found['mean_size']:.2f} classes a set"
        )
    if "novelty" in facts:
        yield f"called unlike the training photos: {facts['novelty']['share']:.2%} of the test split"


def _measure_sets(probabilities: np.ndarray, threshold: float, test: Rows) -> dict[str, float]:
    sets = build_sets(probabilities, threshold)
    is_covered = sets[np.arange(len(sets)), test.labels]
    low, high = compute_accuracy_interval(is_covered, test.groups)
    sizes = sets.sum(axis=1)
    return {
        "threshold": threshold,
        "coverage": float(is_covered.mean()),
        "coverage_low": low,
        "coverage_high": high,
        "mean_size": float(sizes.mean()),
        "single": float((sizes == 1).mean()),
    }
