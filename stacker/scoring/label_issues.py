"""Which labels are probably wrong, by what models say that have not learnt them: pure functions.

Confident learning (Northcutt, Jiang and Chuang, "Confident learning: estimating uncertainty in dataset labels", 2021)
says how many: a model need not be calibrated, as each class has a threshold of its own (section 3.1). Which they are is
said by the margin of the label. On digits with labels turned at random that finds more, and more of what it finds is
wrong, than the photos that confident learning counts. The results are those of cleanlab's
`find_label_issues(filter_by="low_normalized_margin")`; cleanlab itself would bring pandas.
"""

from typing import NamedTuple

import numpy as np

BLOCK = 4096  # rows at once, so that no second array of all probabilities is made
ROUNDING = 1e-6  # a class of one photo has its threshold at that photo's own probability


class LabelIssues(NamedTuple):
    """Photos for which another class is more probable than their label.

    Attributes:
        rows: int64, (m,), the widest margin first; of equals, the first row.
        suggested: int64, (m,), the most probable class of each.
        sure: how many of them, the first ones, are probably labelled wrong.
    """

    rows: np.ndarray
    suggested: np.ndarray
    sure: int


def compute_thresholds(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """How probable a class must be for a photo to count as of it: its mean over the photos that bear its label.

    Args:
        labels: int64, (n,).
        probabilities: float32 or float64, (n, k).

    Returns:
        Float64, (k,); infinite for a class that no photo bears.
    """
    classes = probabilities.shape[1]
    counts = np.bincount(labels, minlength=classes)
    sums = np.bincount(labels, probabilities[np.arange(len(labels)), labels], classes)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.inf)


def find_label_issues(labels: np.ndarray, probabilities: np.ndarray) -> LabelIssues:
    """The photos for which another class is more probable, and how many of them are probably labelled wrong.

    These are as many as reach the threshold of another class than their label, and no higher one of their own.

    Args:
        labels: int64, (n,), some of them wrong.
        probabilities: float32 or float64, (n, k), by models that have not learnt these rows.
    """
    thresholds = compute_thresholds(labels, probabilities) - ROUNDING
    sure, margins = 0, np.empty(len(labels))
    for start in range(0, len(labels), BLOCK):
        block = slice(start, start + BLOCK)
        given, values = labels[block], probabilities[block]
        margins[block] = values[np.arange(len(given)), given] - values.max(axis=1)  # 0 where the label is the likeliest
        confident = np.where(values >= thresholds, values, -1)
        counts = (confident.max(axis=1) >= 0) & (confident.argmax(axis=1) != given)
        sure += int((counts & (margins[block] < 0)).sum())
    order = np.argsort(margins, kind="stable")
    rows = order[: int((margins < 0).sum())]
    return LabelIssues(rows, probabilities[rows].argmax(axis=1), sure)
