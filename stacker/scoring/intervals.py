"""How sure is a score: intervals that count photos which are copies of one another as what they are."""

import numpy as np
from scipy.stats import norm

from stacker.artifacts.errors import PipelineError

RESAMPLES = 2000
SEED = 0
CONFIDENCE = 0.95


def compute_accuracy_interval(right: np.ndarray, groups: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of an accuracy: Wilson's, for as many independent photos as the groups are worth.

    Copies of a photo are answered alike, so that n of them say less than n photos. How much less is estimated from the
    spread of the groups' totals (the design effect of a ratio: Kish, "Survey sampling", 1965); Wilson's interval takes
    n divided by it (Franco et al., "Comparative study of confidence intervals for proportions in complex sample
    surveys", 2019). Where all are right, or all wrong, nothing can be estimated, and n is the number of groups. Of
    groups of one photo it is Wilson's interval itself.

    Args:
        right: bool, (n,).
        groups: int64, (n,); duplicates share a group.
    """
    _, numbers = np.unique(groups, return_inverse=True)
    sizes = np.bincount(numbers)
    n, count, share = len(right), len(sizes), float(right.mean())
    effect = n / count
    if count == n:
        effect = 1.0
    elif count > 1 and 0 < share < 1:
        residuals = np.bincount(numbers, right) - share * sizes
        variance = count / (count - 1) * (residuals @ residuals) / n**2
        effect = max(1.0, float(variance / (share * (1 - share) / n)))
    return compute_wilson_interval(share, n / effect)


def compute_wilson_interval(share: float, n: float) -> tuple[float, float]:
    """The 95 % score interval of a share (Wilson, 1927), without continuity correction; `n` need not be whole."""
    z = float(norm.ppf((1 + CONFIDENCE) / 2))
    centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def resample_means(values: np.ndarray, groups: np.ndarray, resamples: int = RESAMPLES, seed: int = SEED) -> np.ndarray:
    """Means of columns over draws of whole groups with replacement; all columns share each draw, so they are paired.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13; by groups: Davison and Hinkley,
    "Bootstrap methods and their application", 1997, section 3.8.

    Args:
        values: float64, (n, m).
        groups: int64, (n,); duplicates share a group.
        resamples: how many draws.
        seed: of the draws.

    Returns:
        Float64, (resamples, m).

    Raises:
        PipelineError: fewer than two groups.
    """
    _, numbers = np.unique(groups, return_inverse=True)
    sizes = np.bincount(numbers)
    count = len(sizes)
    if count < 2:
        raise PipelineError(f"an interval needs at least 2 different images, received {count}: raise data.splits.test")
    sums = np.stack([np.bincount(numbers, column) for column in values.T], axis=1)
    generator = np.random.default_rng(seed)
    draws = (np.bincount(generator.integers(count, size=count), minlength=count) for _ in range(resamples))
    return np.stack([draw @ sums / (draw @ sizes) for draw in draws])


def take_interval(means: np.ndarray) -> np.ndarray:
    """The 95 % percentile interval of resampled means, (resamples, m): float64, (2, m), lower and upper ends."""
    tail = (1 - CONFIDENCE) / 2
    return np.asarray(np.quantile(means, (tail, 1 - tail), axis=0))
