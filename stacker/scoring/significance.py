"""How sure is it that one model is better than another, on the same rows: pure functions."""

from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from stacker.artifacts.errors import PipelineError

RESAMPLES = 2000
SEED = 0


class Comparison(NamedTuple):
    """A first model against a second one, row by row.

    Attributes:
        gained: rows that the first alone gets right.
        lost: rows that the second alone gets right.
        p_value: of McNemar's exact test.
        loss_difference: the first's mean log loss less the second's, in nats; negative: the first is better.
        loss_low: lower end of its 95 % interval, by paired bootstrap.
        loss_high: upper end.
    """

    gained: int
    lost: int
    p_value: float
    loss_difference: float
    loss_low: float
    loss_high: float

    @property
    def net(self) -> int:
        """How many rows more the first gets right."""
        return self.gained - self.lost


def compare_models(labels: np.ndarray, first: np.ndarray, second: np.ndarray) -> Comparison:
    """Compare two models on the same rows.

    Args:
        labels: int64, (n,).
        first: float64, (n, k), rows sum to 1.
        second: likewise.
    """
    right = first.argmax(axis=1) == labels
    other_right = second.argmax(axis=1) == labels
    gained, lost = int((right & ~other_right).sum()), int((~right & other_right).sum())
    differences = compute_log_losses(labels, first) - compute_log_losses(labels, second)
    low, high = bootstrap_means(differences[:, np.newaxis])[:, 0]
    return Comparison(gained, lost, compute_mcnemar(gained, lost), float(differences.mean()), float(low), float(high))


def compute_mcnemar(gained: int, lost: int) -> float:
    """The two-sided p-value of McNemar's exact test: are the discordant rows a fair coin's?

    Source: McNemar, "Note on the sampling error of the difference between correlated proportions", 1947; exact by the
    binomial distribution. Without discordant rows nothing speaks for a difference: 1.
    """
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def compute_log_losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The log loss of every row, in nats, float64, (n,); probabilities are clipped as scikit-learn's `log_loss` does.

    Args:
        labels: int64, (n,).
        probabilities: float64, (n, k), rows sum to 1.
    """
    margin = np.finfo(np.float64).eps
    losses: np.ndarray = -np.log(np.clip(probabilities[np.arange(len(labels)), labels], margin, 1 - margin))
    return losses


def bootstrap_means(values: np.ndarray, resamples: int = RESAMPLES, seed: int = SEED) -> np.ndarray:
    """The 95 % percentile intervals of the means of columns; all columns share each draw of rows, so they are paired.

    Source: Efron and Tibshirani, "An introduction to the bootstrap", 1993, chapter 13.

    Args:
        values: float64, (n, m).
        resamples: how many times n rows are drawn with replacement.
        seed: of the draws.

    Returns:
        Float64, (2, m): lower and upper ends.

    Raises:
        PipelineError: fewer than two rows.
    """
    n = len(values)
    if n < 2:
        raise PipelineError(f"an interval needs at least 2 test images, received {n}: raise data.splits.test")
    generator = np.random.default_rng(seed)
    counts = (np.bincount(generator.integers(n, size=n), minlength=n) for _ in range(resamples))
    means = np.stack([count @ values for count in counts]) / n
    return np.quantile(means, (0.025, 0.975), axis=0)
