"""Look through photos without labels for those to label next."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.artifacts.errors import WrongUseError
from stacker.artifacts.progress import open_progress
from stacker.uncertainty.next_photos import choose_next, join_space, measure_vote_entropy
from stacker.using.answers import Answered, Answers, join_answers, take_answers
from stacker.using.classifier import Classifier

MOST_CANDIDATES = 10_000  # with three members' features 200 MB


class Found(NamedTuple):
    """What was chosen, in this order.

    Attributes:
        rows: int64, (m,), the numbers of the photos among all.
        answers: what the model says of them.
        vote_entropy: of the members, float64, (m,), nats.
        unreadable: by number, why others could not be read.
    """

    rows: np.ndarray
    answers: Answers
    vote_entropy: np.ndarray
    unreadable: dict[int, str]


class Candidates:
    """The photos that may be chosen: of very many, those with the largest vote entropy, for which memory is enough."""

    def __init__(self, most: int = MOST_CANDIDATES) -> None:
        """Begin with none.

        Args:
            most: how many to keep in the end; on the way, twice as many.
        """
        self.most = most
        self.rows: list[int] = []
        self.parts: list[Answers] = []
        self.unreadable: dict[int, str] = {}

    def take(self, answered: Answered) -> None:
        """Look at some more photos."""
        self.unreadable |= answered.unreadable
        self.rows += answered.rows
        self.parts.append(answered.answers)
        if len(self.rows) > 2 * self.most:
            self._cut()

    def choose(self, count: int) -> Found:
        """The best of those that were kept, after the last photo."""
        self._cut()
        (answers,) = self.parts
        entropy = measure_vote_entropy(answers.members)
        chosen = choose_next(entropy, join_space(answers.features), count)
        rows = np.array(self.rows, np.int64)[chosen]
        return Found(rows, take_answers(answers, chosen), entropy[chosen], self.unreadable)

    def _cut(self) -> None:
        answers = join_answers(self.parts)
        order = np.argsort(-measure_vote_entropy(answers.members), kind="stable")[: self.most]
        kept = np.sort(order)  # as they came
        self.rows, self.parts = [self.rows[row] for row in kept], [take_answers(answers, kept)]


def find_next(classifier: Classifier, photos: Sequence[Path], count: int) -> Found:
    """Choose the photos that would teach most.

    Args:
        classifier: an ensemble.
        photos: files, at least one.
        count: how many to choose at most.

    Raises:
        WrongUseError: the model is a single member, which votes alone.
    """
    members = classifier.description.members
    if len(members) < 2:
        raise WrongUseError(
            f"--model: {classifier.description.label} is a single model, and photos are chosen by the votes of "
            "several: name an ensemble of at least two"
        )
    candidates = Candidates()
    with open_progress(f"{classifier.description.label}: looking", len(photos), "photos") as bar:
        classifier.answer(photos, candidates.take, bar)
    return candidates.choose(count)
