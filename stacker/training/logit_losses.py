"""The log loss of logits, as exact where a wrong answer is sure as anywhere: for heads and meta-models alike."""

import numpy as np
from scipy.special import expit

from stacker.artifacts.row_blocks import cut_blocks


def compute_losses(z: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The log loss of every row, (n,), and its slopes in the logits `z`, float64, (n, 1) or (n, classes)."""
    rows = np.arange(len(labels))
    if z.shape[1] == 1:
        return np.logaddexp(0, z[:, 0]) - labels * z[:, 0], expit(z) - labels[:, np.newaxis]
    slopes = z - z.max(axis=1, keepdims=True)
    of_truth = slopes[rows, labels]
    np.exp(slopes, out=slopes)  # in place, and once: with many classes this is where a fit's time goes
    totals = slopes.sum(axis=1)
    slopes /= totals[:, np.newaxis]
    slopes[rows, labels] -= 1
    return np.log(totals) - of_truth, slopes


def measure_losses(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The log loss of every row, float64, (n,), as `compute_losses` gives it, without an array of all slopes."""
    return np.concatenate([compute_losses(z[rows], labels[rows])[0] for rows in cut_blocks(*z.shape)])
