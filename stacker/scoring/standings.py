"""The models on the leaderboard, with their scores: pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from stacker.scoring.scores import compute_scores
from stacker.scoring.significance import bootstrap_means, compute_log_losses


class Model(NamedTuple):
    """One model's answers on the test split.

    Attributes:
        kind: what it is.
        name: a member's or an ensemble's label, or a baseline's name.
        test: probabilities, float64, (n, k), rows sum to 1.
        note: what a reader should know, such as a baseline's weights.
        is_alias: the same answers as another model's, as those of the best member are: not drawn twice.
    """

    kind: Literal["ensemble", "baseline", "member"]
    name: str
    test: np.ndarray
    note: str = ""
    is_alias: bool = False

    @property
    def key(self) -> str:
        """A prefix for its metrics: no member's label can be taken for a baseline's name."""
        return self.name if self.kind == "ensemble" else f"{self.kind}s.{self.name}"

    @property
    def title(self) -> str:
        """Its name for people."""
        return f"baseline: {self.name.replace('_', ' ')}" if self.kind == "baseline" else self.name


class Standing(NamedTuple):
    """A line of the leaderboard: `scores` as `stacker.scoring.scores.compute_scores` gives them.

    `log_loss_low` and `log_loss_high`, by bootstrap over the test rows, are added to them.
    """

    model: Model
    scores: dict[str, Any]


def rank_models(models: Sequence[Model], labels: np.ndarray, classes: list[str]) -> list[Standing]:
    """Score the models on the test split and sort them: by accuracy, then log loss, then name.

    Args:
        models: in any order.
        labels: int64, (n,).
        classes: the k class names.
    """
    losses = np.stack([compute_log_losses(labels, model.test) for model in models], axis=1)
    intervals = bootstrap_means(losses)
    standings = [
        Standing(
            model,
            {
                **compute_scores(labels, model.test, classes),
                "log_loss_low": float(intervals[0, number]),
                "log_loss_high": float(intervals[1, number]),
            },
        )
        for number, model in enumerate(models)
    ]
    return sorted(standings, key=_rank)


def choose_best_member(validation: Mapping[str, np.ndarray], labels: np.ndarray) -> str:
    """The member with the highest accuracy on the validation split; of equals, the one with the lowest log loss.

    Args:
        validation: by member, float64, (n, k), rows sum to 1.
        labels: int64, (n,).
    """

    def rank(member: str) -> tuple[int, float]:
        probabilities = validation[member]
        correct = int((probabilities.argmax(axis=1) == labels).sum())
        return -correct, float(compute_log_losses(labels, probabilities).mean())

    return min(validation, key=rank)


def _rank(standing: Standing) -> tuple[float, float, str]:
    return -standing.scores["accuracy"], standing.scores["log_loss"], standing.model.key
