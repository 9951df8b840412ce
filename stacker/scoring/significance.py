"""How sure is it that one model is better than another, on the same rows: pure functions."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import binomtest

from stacker.scoring.intervals import resample_means, take_interval

LEVEL = 0.05


class Comparison(NamedTuple):
    """A first model against a second one, row by row.

    Attributes:
        gained: rows that the first alone gets right.
        lost: rows that the second alone gets right.
        p_value: of McNemar's exact test, a vote a group.
        loss_difference: the first's mean log loss less the second's, in nats; negative: the first is better.
        loss_low: lower end of its 95 % interval, by paired bootstrap over groups.
        loss_high: upper end.
        loss_p_value: two-sided, by the same bootstrap.
        adjusted_p_value: `p_value` after Holm's correction over the comparisons of one leaderboard.
        adjusted_loss_p_value: `loss_p_value`, likewise.
    """

    gained: int
    lost: int
    p_value: float
    loss_difference: float
    loss_low: float
    loss_high: float
    loss_p_value: float
    adjusted_p_value: float
    adjusted_loss_p_value: float

    @property
    def net(self) -> int:
        """How many rows more the first gets right."""
        return self.gained - self.lost


def compare_models(labels: np.ndarray, first: np.ndarray, second: np.ndarray, groups: np.ndarray) -> Comparison:
    """Compare two models on the same rows; nothing is adjusted yet.

    Args:
        labels: int64, (n,).
        first: float64, (n, k), rows sum to 1.
        second: likewise.
        groups: int64, (n,); duplicates share a group.
    """
    right = first.argmax(axis=1) == labels
    other_right = second.argmax(axis=1) == labels
    p_value = compute_mcnemar(right, other_right, groups)
    differences = compute_log_losses(labels, first) - compute_log_losses(labels, second)
    means = resample_means(differences[:, np.newaxis], groups)
    low, high = take_interval(means)[:, 0]
    loss_p_value = compute_sign_p_value(means[:, 0])
    return Comparison(
        int((right & ~other_right).sum()),
        int((~right & other_right).sum()),
        p_value,
        float(differences.mean()),
        float(low),
        float(high),
        loss_p_value,
        p_value,
        loss_p_value,
    )


def compute_mcnemar(right: np.ndarray, other_right: np.ndarray, groups: np.ndarray) -> float:
    """The two-sided p-value of McNemar's exact test: are the discordant groups a fair coin's?

    A group votes once, for the model that gets more of its photos right: copies of a photo are answered alike, and
    would count as so many witnesses.

    Args:
        right: bool, (n,), does the first model get the row right?
        other_right: likewise, the second.
        groups: int64, (n,); duplicates share a group.
    """
    _, numbers = np.unique(groups, return_inverse=True)
    leads = np.bincount(numbers, right.astype(float) - other_right.astype(float))
    gained, lost = int((leads > 0).sum()), int((leads < 0).sum())
    return float(binomtest(gained, gained + lost).pvalue) if gained + lost else 1.0


def compute_sign_p_value(means: np.ndarray) -> float:
    """Two-sided p-value that a mean is 0, from its resampled values, (resamples,): twice the smaller tail beyond 0.

    The tail counts one draw more than it has, so that no p-value is 0 (Davison and Hinkley, 1997, section 4.2).
    """
    below, above = (means <= 0).sum(), (means >= 0).sum()
    return float(min(1.0, 2 * (min(below, above) + 1) / (len(means) + 1)))


def adjust_holm(p_values: Sequence[float]) -> list[float]:
    """P-values that hold for all of them together (Holm, "A simple sequentially rejective multiple test", 1979)."""
    order = np.argsort(p_values, kind="stable")
    factors = len(p_values) - np.arange(len(p_values))
    raised = np.maximum.accumulate(np.asarray(p_values, dtype=np.float64)[order] * factors)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(raised, 1)
    return [float(value) for value in adjusted]


def adjust_comparisons(families: Mapping[str, Mapping[str, Comparison]]) -> dict[str, dict[str, Comparison]]:
    """The same comparisons, by ensemble and rival, with p-values that hold for all of them together."""
    places = [(label, rival) for label, against in families.items() for rival in against]
    comparisons = [families[label][rival] for label, rival in places]
    counts = adjust_holm([comparison.p_value for comparison in comparisons])
    losses = adjust_holm([comparison.loss_p_value for comparison in comparisons])
    adjusted: dict[str, dict[str, Comparison]] = {label: {} for label in families}
    for (label, rival), comparison, count, loss in zip(places, comparisons, counts, losses, strict=True):
        adjusted[label][rival] = comparison._replace(adjusted_p_value=count, adjusted_loss_p_value=loss)
    return adjusted


def compute_log_losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """The log loss of every row, in nats, float64, (n,); probabilities are clipped as scikit-learn's `log_loss` does.

    Args:
        labels: int64, (n,).
        probabilities: float64, (n, k), rows sum to 1.
    """
    margin = np.finfo(np.float64).eps
    losses: np.ndarray = -np.log(np.clip(probabilities[np.arange(len(labels)), labels], margin, 1 - margin))
    return losses
