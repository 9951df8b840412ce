"""Mean and variance of features that lie on disk, in blocks of rows: a copy of all would not fit beside them."""

import numpy as np

BLOCK_VALUES = 2**20  # of one block: 8 MiB in float64


def compute_moments(features: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of every feature over the given rows.

    The blocks are merged as in Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing
    sample variances", 1979: one pass, and as exact as two.

    Args:
        features: float32, (n, f), may be memory-mapped.
        rows: int64, (m,), of `features`; at least one.

    Returns:
        The mean and the variance (over m, not m - 1), float64, (f,) each.
    """
    width = features.shape[1]
    block_rows = max(1, BLOCK_VALUES // width)
    mean, squares = np.zeros(width), np.zeros(width)
    for seen in range(0, len(rows), block_rows):
        block = features[rows[seen : seen + block_rows]].astype(np.float64)
        count = seen + len(block)
        step = block.mean(axis=0) - mean
        squares += block.var(axis=0) * len(block) + step**2 * (seen * len(block) / count)
        mean += step * (len(block) / count)
    return mean, squares / len(rows)


def compute_scale(features: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every feature over the given rows; arguments as in `compute_moments`.

    A feature that varies by no more than float32 rounds its mean, or less than the square root of the smallest number
    that float32 holds (its variance would be 0 in a saved layer), is only centred: its deviation is 1.

    Returns:
        Float64, (f,) each.
    """
    mean, variance = compute_moments(features, rows)
    floor = np.maximum((np.finfo(np.float32).eps * mean) ** 2, np.finfo(np.float32).tiny)
    return mean, np.sqrt(np.where(variance > floor, variance, 1.0))
