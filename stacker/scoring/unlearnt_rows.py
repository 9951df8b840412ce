"""The photos that every member answered without having learnt them, and what the members say together."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stacker.artifacts.arrays import load_classes, load_labels
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import Predictions, load_predictions, spread_classes
from stacker.scoring.label_issues import BLOCK


class Unlearnt(NamedTuple):
    """Answers to photos that were not learnt: held-out rows of the train split, then all rows of validation.

    Attributes:
        fit_on: where the first come from: "oof", "holdout", or, with no row held out, "train".
        train_rows: int64, (m,), of the train split; none where `fit_on` is "train".
        labels: int64, (n,).
        probabilities: float32, (n, k), the mean of the members': none can outvote the others by being overconfident.
        guesses: int64, (members, n), the class that each member predicts.
        is_watched: has the early stopping of a member looked at the validation rows?
    """

    fit_on: str
    train_rows: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray
    guesses: np.ndarray
    is_watched: bool


def gather_unlearnt(members: Sequence[str]) -> Unlearnt:
    """Read the members' saved predictions one after the other, so that only one is in memory.

    Args:
        members: their labels, in any order: it decides nothing.

    Raises:
        PipelineError: predictions are missing, or not of the photos of today.
    """
    ordered = sorted(members)  # sums are rounded in their order
    first = load_predictions(ordered[0])
    rows = np.empty(0, np.int64) if first.is_leaked else first.held_out_rows
    train, validation = load_labels("train"), load_labels("validation")
    if len(first.train) != len(train):
        raise PipelineError(
            f"{ordered[0]} has predictions for {len(first.train)} train images, data/arrays/train has {len(train)}: "
            "run `dvc repro`"
        )
    labels = np.concatenate([train[rows], validation])
    mean = np.zeros((len(labels), len(load_classes())), np.float32)
    guesses, is_watched = [], False
    for number, label in enumerate(ordered):
        member = load_predictions(label) if number else first
        logits = _take_logits(member, len(rows))
        if not np.array_equal(member.held_out_rows, first.held_out_rows) or len(logits) != len(labels):
            raise PipelineError("the members' held-out rows differ: run `dvc repro`, which predicts them alike")
        guesses.append(_add_probabilities(mean, logits, len(ordered)))
        is_watched |= bool(member.is_watched)
    return Unlearnt(first.fit_on, rows, labels, mean, np.array(guesses), is_watched)


def _take_logits(member: Predictions, held_out: int) -> np.ndarray:
    return np.concatenate([member.held_out[:held_out], member.validation])


def _add_probabilities(mean: np.ndarray, logits: np.ndarray, members: int) -> np.ndarray:
    """Add a member's share to `mean`, in place; returns what it predicts, int64, (n,)."""
    guesses = np.empty(len(logits), np.int64)
    for start in range(0, len(logits), BLOCK):
        block = slice(start, start + BLOCK)
        probabilities = spread_classes(logits[block])
        mean[block] += probabilities / members
        guesses[block] = probabilities.argmax(axis=1)
    return guesses
