"""Look through photos without labels for those to label next."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.artifacts.errors import WrongUseError
from stacker.artifacts.progress import open_progress
from stacker.uncertainty.next_photos import CANDIDATES, choose_next, join_space, measure_disagreement
from stacker.using.answers import Answered, Answers, join_answers, take_answers
from stacker.using.classifier import Classifier


class Found(NamedTuple):
    """What was chosen, in this order.

    Attributes:
        rows: int64, (m,), the numbers of the photos among all.
        answers: what the model says of them.
        disagreement: of the members, float64, (m,), nats.
        unreadable: by number, why others could not be read.
    """

    rows: np.ndarray
    answers: Answers
    disagreement: np.ndarray
    unreadable: dict[int, str]


class Candidates:
    """The photos on which the members disagree most: memory does not grow with the number of photos."""

    def __init__(self, most: int) -> None:
        """Begin with none.

        Args:
            most: how many to keep.
        """
        self.most = most
        self.rows = np.empty(0, np.int64)
        self.unreadable: dict[int, str] = {}
        self.kept: list[Answers] = []  # all in one; none before the first photo

    def take(self, answered: Answered) -> None:
        """Look at some more photos."""
        self.unreadable |= answered.unreadable
        self.rows = np.concatenate([self.rows, np.array(answered.rows, np.int64)])
        answers = join_answers([*self.kept, answered.answers])
        order = np.argsort(-measure_disagreement(answers.members), kind="stable")[: self.most]
        kept = np.sort(order)  # as they came: of equals the first photo stays the first
        self.rows, self.kept = self.rows[kept], [take_answers(answers, kept)]

    def choose(self, count: int) -> Found:
        """The best of those that were kept, after the last photo."""
        (answers,) = self.kept
        disagreement = measure_disagreement(answers.members)
        chosen = choose_next(disagreement, join_space(answers.features), count)
        return Found(self.rows[chosen], take_answers(answers, chosen), disagreement[chosen], self.unreadable)


def find_next(classifier: Classifier, photos: Sequence[Path], count: int) -> Found:
    """Choose the photos that would teach most.

    Args:
        classifier: an ensemble.
        photos: files, at least one.
        count: how many to choose at most.

    Raises:
        WrongUseError: the model is a single member, which has nobody to disagree with.
    """
    members = classifier.description.members
    if len(members) < 2:
        raise WrongUseError(
            f"--model: {classifier.description.label} is a single model, and photos are chosen by what members "
            "disagree on: name an ensemble of at least two"
        )
    candidates = Candidates(CANDIDATES * count)
    with open_progress(f"{classifier.description.label}: looking", len(photos), "photos") as bar:
        classifier.answer(photos, candidates.take, bar)
    return candidates.choose(count)
