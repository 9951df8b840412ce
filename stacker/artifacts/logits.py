"""What logits mean: the probabilities that a saved model gives, and logits that compare across members."""

import numpy as np
from scipy.special import expit, log_softmax, softmax

from stacker.artifacts.row_blocks import cut_blocks


def compute_probabilities(logits: np.ndarray) -> np.ndarray:
    """What a saved model gives: a sigmoid of (n, 1), a softmax of (n, classes); dtype and shape stay."""
    probabilities: np.ndarray = expit(logits) if logits.shape[1] == 1 else softmax(logits, axis=1)
    return probabilities


def spread_classes(logits: np.ndarray) -> np.ndarray:
    """Probabilities of every class, float64, (n, classes): (n, 1) become (n, 2), both as exact as they are small."""
    if logits.shape[1] == 1:
        values = logits.astype(np.float64)
        return np.asarray(expit(np.hstack([-values, values])))
    spread = np.empty(logits.shape)
    for rows in cut_blocks(*logits.shape):
        spread[rows] = softmax(logits[rows].astype(np.float64), axis=1)
    return spread


def spread_logits(logits: np.ndarray) -> np.ndarray:
    """Logits that mean the same for every member, float64.

    Returns:
        (n, 1), the log odds of the second class, for two classes, also from a softmax; else (n, classes), log
        probabilities.
    """
    if logits.shape[1] == 1:
        return logits.astype(np.float64)
    if logits.shape[1] == 2:
        values = logits.astype(np.float64)
        return values[:, 1:] - values[:, :1]
    spread = np.empty(logits.shape)
    for rows in cut_blocks(*logits.shape):
        spread[rows] = log_softmax(logits[rows].astype(np.float64), axis=1)
    return spread
