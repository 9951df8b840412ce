"""What each member adds, and how much the members differ: pure functions, no network."""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np

from stacker.scoring.significance import Comparison


class Pair(NamedTuple):
    """Two members, side by side.

    Attributes:
        first: a member.
        second: another one.
        error_correlation: of their errors (0 or 1 a row), -1 to 1; None where one of them errs always or never.
        disagreement: the share of rows that the two call differently, 0 to 1.
        both_wrong: how many rows both get wrong.
    """

    first: str
    second: str
    error_correlation: float | None
    disagreement: float
    both_wrong: int


def compare_pairs(labels: np.ndarray, predicted: Mapping[str, np.ndarray]) -> list[Pair]:
    """Every pair of members, sorted by name.

    Source: Kuncheva and Whitaker, "Measures of diversity in classifier ensembles", 2003: the correlation of errors is
    their rho. The lower it is, the more a combination can gain.

    Args:
        labels: int64, (n,).
        predicted: by member, int64, (n,), the class with the highest probability.
    """
    wrong = {member: classes != labels for member, classes in predicted.items()}
    return [
        Pair(
            first,
            second,
            _correlate(wrong[first], wrong[second]),
            float((predicted[first] != predicted[second]).mean()),
            int((wrong[first] & wrong[second]).sum()),
        )
        for first, second in combinations(sorted(predicted), 2)
    ]


def count_oracle(labels: np.ndarray, predicted: Mapping[str, np.ndarray]) -> int:
    """How many rows at least one member gets right: no choice among the members' votes does better."""
    return int(np.any([classes == labels for classes in predicted.values()], axis=0).sum())


def describe_removal(member: str, comparison: Comparison, n: int) -> str:
    """What removing a member does, as a plain sentence.

    Args:
        member: its label.
        comparison: the whole ensemble against the one without it.
        n: number of test rows.
    """
    lost, won = comparison.gained, comparison.lost  # what the whole ensemble alone gets right is lost
    p_value = format_p_value(comparison.p_value)
    if lost == won:
        both = f"loses {lost:,} of {n:,} photos and wins as many" if lost else f"loses none of {n:,} photos"
        return f"Removing {member} {both} ({p_value})."
    verb = "loses" if lost > won else "wins"
    detail = f": {lost:,} lost, {won:,} won" if lost and won else ""
    return f"Removing {member} {verb} {abs(lost - won):,} of {n:,} photos{detail} ({p_value})."


def format_p_value(p_value: float) -> str:
    """Two significant digits are all that a p-value is worth."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.2g}"


def _correlate(first: np.ndarray, second: np.ndarray) -> float | None:
    """Pearson's correlation of two boolean arrays (the phi coefficient)."""
    if first.all() or second.all() or not (first.any() and second.any()):
        return None
    return float(np.corrcoef(first, second)[0, 1])
