"""Weights that let every class count the same: for heads, meta-models and baselines alike."""

import numpy as np


def compute_class_weights(labels: np.ndarray) -> np.ndarray:
    """A weight for every row that gives all classes the same total: n / (classes * count).

    Source: scikit-learn's `class_weight="balanced"`.

    Args:
        labels: int64, (n,).

    Returns:
        Float64, (n,), 1 on average.
    """
    counts = np.bincount(labels)
    weights: np.ndarray = len(labels) / (np.count_nonzero(counts) * counts[labels])
    return weights
