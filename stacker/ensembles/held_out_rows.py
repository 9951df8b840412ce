"""The rows that a combination of members learns from, and how what it learnt is judged on these very rows."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from stacker.artifacts.predictions import Predictions
from stacker.training.class_weights import compute_class_weights

Logits = Mapping[str, np.ndarray]  # by member, float32, (n, 1) or (n, classes)


class HeldOutRows(NamedTuple):
    """Rows of the train split that the members predicted without having learnt them, unless they are leaked.

    Attributes:
        logits: by member, float32, (m, 1) or (m, classes).
        labels: int64, (m,).
        groups: int64, (m,); duplicates share a group.
        cuts: int64, (m,): 0, 1, ... for the cuts of `cross_fit`; -1 where the rows are leaked.
        is_balanced: shall every class count the same, however many rows it has?
    """

    logits: Logits
    labels: np.ndarray
    groups: np.ndarray
    cuts: np.ndarray
    is_balanced: bool

    @property
    def is_leaked(self) -> bool:
        """Had the members learnt these rows?"""
        return bool(np.any(self.cuts < 0))

    @property
    def weights(self) -> np.ndarray:
        """A weight a row, float64, (m,), 1 on average."""
        return compute_class_weights(self.labels) if self.is_balanced else np.ones(len(self.labels))

    def take(self, rows: np.ndarray) -> "HeldOutRows":
        """Some of the rows: a boolean mask, (m,), or row numbers."""
        logits = {member: values[rows] for member, values in self.logits.items()}
        return HeldOutRows(logits, self.labels[rows], self.groups[rows], self.cuts[rows], self.is_balanced)

    def without(self, member: str) -> "HeldOutRows":
        """The same rows, as if there were no such member."""
        return self._replace(logits={label: values for label, values in self.logits.items() if label != member})


def gather_held_out(
    predictions: Mapping[str, Predictions], labels: np.ndarray, groups: np.ndarray, class_weights: str | None = "auto"
) -> HeldOutRows:
    """What the members hold out.

    Args:
        predictions: by member; all hold out the same rows.
        labels: int64, (n,), of the train split.
        groups: int64, (n,), likewise.
        class_weights: "balanced", so that every class counts the same; "auto", where all members were trained so: what
            combines them should not undo it; None, for equal weights.
    """
    first = next(iter(predictions.values()))
    rows = first.held_out_rows
    logits = {label: member.held_out for label, member in predictions.items()}
    is_balanced = class_weights == "balanced" or (
        class_weights == "auto" and all(bool(member.is_balanced) for member in predictions.values())
    )
    return HeldOutRows(logits, labels[rows], groups[rows], first.held_out_fold, is_balanced)


def cross_fit(held_out: HeldOutRows, fit: Callable[[HeldOutRows], Callable[[Logits], np.ndarray]]) -> np.ndarray:
    """Predict every row by what was learnt from the other cuts: a learner must not be judged on what it learnt.

    Source: Stone, "Cross-validatory choice and assessment of statistical predictions", 1974.

    Args:
        held_out: all rows, of two cuts or more.
        fit: learns from rows, and gives a function from the members' logits of n rows to (n, k).

    Returns:
        (m, k), in the order of the rows.
    """
    joined = np.empty(0)
    for cut in np.unique(held_out.cuts):
        inside = held_out.cuts == cut
        predict = fit(held_out.take(~inside))
        values = predict(held_out.take(inside).logits)
        if not joined.size:
            joined = np.empty((len(inside), *values.shape[1:]), values.dtype)
        joined[inside] = values
    return joined
