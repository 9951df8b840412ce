"""The log loss of logits, as exact where a wrong answer is sure as anywhere: for heads and meta-models alike."""

import numpy as np
from scipy.special import expit, log_softmax

from stacker.artifacts.row_blocks import cut_blocks


def compute_losses(z: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The log loss of every row, (n,), and its slopes in the logits `z`, float64, (n, 1) or (n, classes)."""
    rows = np.arange(len(labels))
    if z.shape[1] == 1:
        return np.logaddexp(0, z[:, 0]) - labels * z[:, 0], expit(z) - labels[:, np.newaxis]
    logs = log_softmax(z, axis=1)
    slopes = np.exp(logs)
    slopes[rows, labels] -= 1
    return -logs[rows, labels], slopes


def measure_losses(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The log loss of every row, float64, (n,), as `compute_losses` gives it, without an array of all slopes."""
    return np.concatenate([compute_losses(z[rows], labels[rows])[0] for rows in cut_blocks(*z.shape)])
