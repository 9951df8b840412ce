"""Draw rows for a split: seeded, stratified by class, duplicates kept together."""

import numpy as np


def draw_rows(labels: np.ndarray, groups: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Draw `fraction` of the rows of every class, in whole groups.

    scikit-learn's `StratifiedGroupKFold` cuts equal folds only; any fraction is wanted here.

    Args:
        labels: int64, (n,), the class of every row.
        groups: int64, (n,); rows of one group are drawn together or not at all.
        fraction: the share to draw, in (0, 1); at least one group of every class is drawn, where it has one.
        seed: the draw depends on the seed and the rows alone.

    Returns:
        Sorted row numbers, int64. A group of mixed labels counts for the class of its first row.
    """
    generator = np.random.default_rng(seed)
    unique_groups, first_rows, members, counts = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    drawn = np.zeros(len(unique_groups), dtype=bool)
    for label in np.unique(labels):
        candidates = generator.permutation(np.flatnonzero(labels[first_rows] == label))
        wanted = max(1, round(fraction * counts[candidates].sum()))
        before = np.cumsum(counts[candidates]) - counts[candidates]
        drawn[candidates[before < wanted]] = True
    return np.flatnonzero(drawn[members])
