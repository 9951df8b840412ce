"""The photos that every member answered without having learnt them, and what the members say together."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from stacker.artifacts.arrays import load_classes, load_labels
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import Predictions, load_predictions
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
    labels = {split: load_labels(split) for split in ("train", "validation")}
    first = _load(min(members), labels)
    fit_on, rows = first.fit_on, first.held_out_rows
    judged = np.empty(0, np.int64) if first.is_leaked else rows
    del first  # else two would be in memory
    mean = np.zeros((len(judged) + len(labels["validation"]), len(load_classes())), np.float32)
    guesses = np.empty((len(members), len(mean)), np.int64)
    is_watched = False
    for number, label in enumerate(sorted(members)):  # sums are rounded in their order
        member = _load(label, labels)
        if not np.array_equal(member.held_out_rows, rows):
            raise PipelineError("the members' held-out rows differ: run `dvc repro`, which predicts them alike")
        cut = len(judged)
        _take_in(member.held_out[:cut], mean[:cut], guesses[number, :cut], len(members))
        _take_in(member.validation, mean[cut:], guesses[number, cut:], len(members))
        is_watched |= bool(member.is_watched)
    known = np.concatenate([labels["train"][judged], labels["validation"]])
    return Unlearnt(fit_on, judged, known, mean, guesses, is_watched)


def _load(label: str, labels: Mapping[str, np.ndarray]) -> Predictions:
    member = load_predictions(label)
    for split, answers in (("train", member.train), ("validation", member.validation)):
        if len(answers) != len(labels[split]):
            raise PipelineError(
                f"{label} has predictions for {len(answers)} {split} images, data/arrays/{split} has "
                f"{len(labels[split])}: run `dvc repro`"
            )
    return member


def _take_in(logits: np.ndarray, mean: np.ndarray, guesses: np.ndarray, members: int) -> None:
    """Add a member's share to `mean`, float32, (n, k), and write what it predicts into `guesses`, int64, (n,)."""
    for start in range(0, len(logits), BLOCK):
        block = slice(start, start + BLOCK)
        probabilities = spread_classes(logits[block])
        mean[block] += probabilities / members
        guesses[block] = probabilities.argmax(axis=1)
