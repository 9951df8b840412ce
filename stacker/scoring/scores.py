"""Score probabilities against labels: pure functions, no network."""

from typing import Any

import numpy as np
from sklearn import metrics

from stacker.artifacts.row_blocks import cut_blocks
from stacker.scoring.intervals import compute_accuracy_interval
from stacker.scoring.significance import compute_log_losses

CALIBRATION_BINS = 15


def compute_scores(
    labels: np.ndarray, probabilities: np.ndarray, classes: list[str], groups: np.ndarray
) -> dict[str, Any]:
    """All scores of one model.

    Args:
        labels: int64, (n,).
        probabilities: float64, (n, k), rows sum to 1.
        classes: the k class names.
        groups: int64, (n,); duplicates share a group.

    Returns:
        Those of `compute_summary`; `brier` (mean over rows of the squared distance, halved for two classes, so that it
        is the usual binary score), `roc_auc` and `average_precision` (of the second class; macro one-vs-rest for more
        than two), `f1` (likewise), `calibration_error` (see `compute_calibration_error`) and `recall`, a score a class.
    """
    predicted = probabilities.argmax(axis=1)
    one_hot = np.eye(len(classes))[labels]
    binary = len(classes) == 2
    ranked = (labels, probabilities[:, 1]) if binary else (one_hot, probabilities)
    return {
        **compute_summary(labels, probabilities, groups),
        "brier": float(compute_squares(labels, probabilities).mean()),
        "roc_auc": float(metrics.roc_auc_score(*ranked)),
        "average_precision": float(metrics.average_precision_score(*ranked)),
        "f1": float(metrics.f1_score(labels, predicted, average="binary" if binary else "macro", zero_division=0)),
        "calibration_error": compute_calibration_error(labels, probabilities),
        "recall": compute_recalls(labels, predicted, classes),
    }


def compute_summary(labels: np.ndarray, probabilities: np.ndarray, groups: np.ndarray) -> dict[str, Any]:
    """The scores that one chooses by; arguments as in `compute_scores`.

    Returns:
        `n`, `groups` (how many of them are no copies of one another), `accuracy` with its 95 % interval
        (`accuracy_low`, `accuracy_high`: see `compute_accuracy_interval`), `balanced_accuracy` (the mean recall of the
        classes that the rows have) and `log_loss` (nats).
    """
    predicted = probabilities.argmax(axis=1)
    right = predicted == labels
    low, high = compute_accuracy_interval(right, groups)
    return {
        "n": len(labels),
        "groups": len(np.unique(groups)),
        "accuracy": float(right.mean()),
        "accuracy_low": low,
        "accuracy_high": high,
        "balanced_accuracy": float(metrics.recall_score(labels, predicted, labels=np.unique(labels), average="macro")),
        "log_loss": float(compute_log_losses(labels, probabilities).mean()),
    }


def compute_squares(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The Brier score of every row, float64, (n,); arguments as in `compute_scores`."""
    classes = probabilities.shape[1]
    squares = np.empty(len(labels))
    for rows in cut_blocks(*probabilities.shape):
        squares[rows] = ((probabilities[rows] - np.eye(classes)[labels[rows]]) ** 2).sum(axis=1)
    return squares / (2 if classes == 2 else 1)


def compute_recalls(labels: np.ndarray, predicted: np.ndarray, classes: list[str]) -> dict[str, float]:
    """The share of each class that was recognised."""
    values = metrics.recall_score(labels, predicted, labels=range(len(classes)), average=None, zero_division=0)
    return {name: float(value) for name, value in zip(classes, values, strict=True)}


def compute_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error of the predicted class, in `bins` bins of equal width over (0, 1].

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017.
    """
    confidence, hits, counts = bin_confidence(labels, probabilities, bins)
    return float(np.abs(confidence - hits).sum() / counts.sum())


def find_bins(confidence: np.ndarray, bins: int = CALIBRATION_BINS) -> np.ndarray:
    """The bin of every confidence, int64, (n,): of equal width over (0, 1], closed on the right."""
    return np.asarray(np.clip(np.ceil(confidence * bins).astype(np.int64) - 1, 0, bins - 1))


def bin_confidence(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = CALIBRATION_BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums by bin of the confidence in the predicted class and of the hits, and the row counts: each (bins,)."""
    confidence = probabilities.max(axis=1)
    hits = (probabilities.argmax(axis=1) == labels).astype(float)
    numbers = find_bins(confidence, bins)
    sums = [np.bincount(numbers, weights, bins) for weights in (confidence, hits, np.ones_like(hits))]
    return sums[0], sums[1], sums[2]
