"""What a model says of photos."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

NONE_OF_THESE = "none of these"
MOST_NAMED = 3  # classes in a verdict


class Answers(NamedTuple):
    """What a model says of n photos, of which each is one of k classes.

    Attributes:
        classes: the k class names.
        probabilities: float64, (n, k), rows sum to 1.
        members: each member's probabilities, by label, float64, (n, k).
        sets: the prediction sets by level, such as "0.95": bool, (n, k).
        level: of the sets that verdicts go by.
        novelty: float32, (n,), how unlike the training photos each photo is: 1 is typical.
        is_novel: bool, (n,): is it so unlike them that its probabilities mean nothing?
        features: each member's features, by label, float32, (n, f).
    """

    classes: Sequence[str]
    probabilities: np.ndarray
    members: Mapping[str, np.ndarray]
    sets: Mapping[str, np.ndarray]
    level: str
    novelty: np.ndarray
    is_novel: np.ndarray
    features: Mapping[str, np.ndarray]

    @property
    def names(self) -> list[str]:
        """The most likely class of each photo."""
        return [self.classes[row] for row in self.probabilities.argmax(axis=1)]

    @property
    def verdicts(self) -> list[str]:
        """What to say of each photo: "cat", "cat or dog" or "none of these"."""
        return [self.name_verdict(row) for row in range(len(self.probabilities))]

    def name_verdict(self, row: int) -> str:
        """What to say of a photo.

        Args:
            row: its number.

        Returns:
            The classes of its set, the likely ones first, such as "cat or dog"; "none of these" where the photo is
            unlike those that the model was trained on.
        """
        if self.is_novel[row]:
            return NONE_OF_THESE
        names = self.list_set(row, self.level)
        if len(names) > MOST_NAMED:
            return f"{', '.join(names[:MOST_NAMED])} or {len(names) - MOST_NAMED} more"
        return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)

    def list_set(self, row: int, level: str) -> list[str]:
        """The classes of a photo's prediction set, the likely ones first."""
        order = np.argsort(-self.probabilities[row], kind="stable")
        return [self.classes[number] for number in order if self.sets[level][row, number]]


class Answered(NamedTuple):
    """What became of some photos.

    Attributes:
        rows: the numbers of those that could be read.
        answers: of these, in this order.
        unreadable: by number, why the others could not be read.
    """

    rows: list[int]
    answers: Answers
    unreadable: dict[int, str]


def join_answers(parts: Sequence[Answers]) -> Answers:
    """Those of several lots of photos by one model, one after the other; at least one lot."""

    def join(name: str) -> dict[str, np.ndarray]:
        lots = [getattr(part, name) for part in parts]
        return {key: np.concatenate([lot[key] for lot in lots]) for key in lots[0]}

    return Answers(
        classes=parts[0].classes,
        probabilities=np.concatenate([part.probabilities for part in parts]),
        members=join("members"),
        sets=join("sets"),
        level=parts[0].level,
        novelty=np.concatenate([part.novelty for part in parts]),
        is_novel=np.concatenate([part.is_novel for part in parts]),
        features=join("features"),
    )


def take_answers(answers: Answers, rows: np.ndarray) -> Answers:
    """Those of some photos.

    Args:
        answers: of n photos.
        rows: int64, (m,), their numbers.
    """

    def take(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return {key: lot[rows] for key, lot in values.items()}

    return Answers(
        classes=answers.classes,
        probabilities=answers.probabilities[rows],
        members=take(answers.members),
        sets=take(answers.sets),
        level=answers.level,
        novelty=answers.novelty[rows],
        is_novel=answers.is_novel[rows],
        features=take(answers.features),
    )
