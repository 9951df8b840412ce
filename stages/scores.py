"""Score probabilities against labels: pure functions, no network.

In NumPy alone: importing scikit-learn, which defines the same scores, takes longer than all of `evaluate`.
`tests/unit/test_scores_equality.py` compares the two.
"""

import numpy as np

CALIBRATION_BINS = 15
NORMAL_QUANTILE = 1.959963984540054  # of 0.975: two-sided 95 %


def compute_scores(labels: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> dict:
    """All scores of one model.

    Args:
        labels: int64, (n,).
        probabilities: float64, (n, k), rows sum to 1.
        classes: the k class names.

    Returns:
        `n`, `accuracy` with its 95 % Wilson interval (`accuracy_low`, `accuracy_high`), `log_loss` (nats), `brier`
        (mean over rows of the squared distance, halved for two classes, so that it is the usual binary score),
        `roc_auc` and `average_precision` (of the second class; macro one-vs-rest for more than two), `f1` (likewise),
        `calibration_error` (see `compute_calibration_error`) and `recall`, a score a class.
    """
    predicted = probabilities.argmax(axis=1)
    correct = int((predicted == labels).sum())
    low, high = compute_wilson_interval(correct, len(labels))
    one_hot = np.eye(len(classes))[labels]
    binary = len(classes) == 2
    # The curves of the second class; for more than two, those of every class against the rest.
    ranked = [1] if binary else range(len(classes))
    curves = [count_hits(labels == number, probabilities[:, number]) for number in ranked]
    squared = ((probabilities - one_hot) ** 2).sum(axis=1)
    return {
        "n": len(labels),
        "accuracy": correct / len(labels),
        "accuracy_low": low,
        "accuracy_high": high,
        "log_loss": compute_log_loss(labels, probabilities),
        "brier": float(squared.mean() / (2 if binary else 1)),
        "roc_auc": float(np.mean([compute_roc_auc(*curve) for curve in curves])),
        "average_precision": float(np.mean([compute_average_precision(*curve) for curve in curves])),
        "f1": float(np.mean([compute_f1(labels == number, predicted == number) for number in ranked])),
        "calibration_error": compute_calibration_error(labels, probabilities),
        "recall": compute_recalls(labels, predicted, classes),
    }


def compute_wilson_interval(correct: int, n: int) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, 1927), without continuity correction."""
    share, square = correct / n, NORMAL_QUANTILE**2
    centre = (share + square / (2 * n)) / (1 + square / n)
    half = NORMAL_QUANTILE * np.sqrt(share * (1 - share) / n + square / (4 * n * n)) / (1 + square / n)
    # An end that is 0 or 1 in exact arithmetic is one here too.
    return float(centre - half) if correct else 0.0, float(centre + half) if correct < n else 1.0


def compute_recalls(labels: np.ndarray, predicted: np.ndarray, classes: list[str]) -> dict[str, float]:
    """The share of each class that was recognised; 0 for a class without rows."""
    right = np.bincount(labels[labels == predicted], minlength=len(classes))
    counts = np.bincount(labels, minlength=len(classes))
    return {name: float(right[number] / max(1, counts[number])) for number, name in enumerate(classes)}


def compute_log_loss(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """Mean of -ln p of the right class; a probability of 0 counts as the smallest that float64 tells from 1."""
    right = probabilities[np.arange(len(labels)), labels]
    return float(-np.log(np.clip(right, np.finfo(np.float64).eps, 1 - np.finfo(np.float64).eps)).mean())


def compute_f1(truth: np.ndarray, guess: np.ndarray) -> float:
    """Harmonic mean of precision and recall of one class, from booleans, (n,); 0 where there is neither."""
    return float(2 * (truth & guess).sum() / max(1, truth.sum() + guess.sum()))


def count_hits(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many rows score at least each threshold: those outside the class, and those of it.

    Args:
        truth: bool, (n,), of the class or not.
        score: float, (n,).

    Returns:
        False and true positives, int64, (t,), by distinct score, from the highest down.
    """
    order = np.argsort(-score, kind="stable")
    last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # rows of equal score go together
    true_positives = np.cumsum(truth[order])[last]
    return last + 1 - true_positives, true_positives


def compute_roc_auc(false_positives: np.ndarray, true_positives: np.ndarray) -> float:
    """The area under the ROC curve; no number where the rows are of one kind."""
    if not false_positives[-1] or not true_positives[-1]:
        return float("nan")
    widths = np.diff(false_positives, prepend=0)
    heights = true_positives - np.diff(true_positives, prepend=0) / 2
    return float((widths * heights).sum() / (false_positives[-1] * true_positives[-1]))


def compute_average_precision(false_positives: np.ndarray, true_positives: np.ndarray) -> float:
    """The mean precision over the class's rows, without interpolation; 0 where it has none."""
    precision = true_positives / (true_positives + false_positives)
    return float((np.diff(true_positives, prepend=0) * precision).sum() / max(1, true_positives[-1]))


def compute_calibration_error(labels: np.ndarray, probabilities: np.ndarray, bins: int = CALIBRATION_BINS) -> float:
    """Expected calibration error of the predicted class, in `bins` bins of equal width over (0, 1].

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017.
    """
    confidence, hits, counts = bin_confidence(labels, probabilities, bins)
    return float(np.abs(confidence - hits).sum() / counts.sum())


def bin_confidence(
    labels: np.ndarray, probabilities: np.ndarray, bins: int = CALIBRATION_BINS
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sums by bin of the confidence in the predicted class and of the hits, and the row counts: each (bins,)."""
    confidence = probabilities.max(axis=1)
    hits = (probabilities.argmax(axis=1) == labels).astype(float)
    numbers = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    sums = [np.bincount(numbers, weights, bins) for weights in (confidence, hits, np.ones_like(hits))]
    return sums[0], sums[1], sums[2]
