"""The models on the leaderboard, with their scores: pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from stacker.scoring.intervals import resample_means, take_interval
from stacker.scoring.model_costs import ModelCost
from stacker.scoring.rows import Rows
from stacker.scoring.scores import compute_scores
from stacker.scoring.significance import compute_log_losses


class Model(NamedTuple):
    """One model's answers.

    Attributes:
        kind: what it is.
        name: a member's or an ensemble's label, or a baseline's name.
        held_out: its scores on the rows that choices are made by, as `stacker.scoring.scores.compute_summary` gives
            them: their probabilities, of every model at a time, would fill the memory where classes are many.
        test: probabilities of the test split, float64, (n, k), rows sum to 1.
        note: what a reader should know, such as a baseline's weights.
        is_drawn: is it in the pictures? Not so where its answers are another model's, as those of the best member are,
            or where it would squeeze all others, as the most frequent class does.
        cost: what it costs to use; None where that is not known or not defined.
        doubt: what `stacker.scoring.doubt.measure_doubt` gives of it; None of baselines, which are not saved.
        saved_file: what `stacker.scoring.saved_files.compare_saved_file` gives of it; None where the saved file is the
            network that was scored.
    """

    kind: Literal["ensemble", "baseline", "member"]
    name: str
    held_out: Mapping[str, Any]
    test: np.ndarray
    note: str = ""
    is_drawn: bool = True
    cost: ModelCost | None = None
    doubt: Mapping[str, Any] | None = None
    saved_file: Mapping[str, Any] | None = None

    @property
    def key(self) -> str:
        """A prefix for its metrics: no member's label can be taken for a baseline's name."""
        return self.name if self.kind == "ensemble" else f"{self.kind}s.{self.name}"

    @property
    def is_copy(self) -> bool:
        """Is it the best member once more, as a rival of the ensembles? People see it once, marked."""
        return self.key == "baselines.best_member"

    @property
    def title(self) -> str:
        """Its name for people."""
        return f"baseline: {self.name.replace('_', ' ')}" if self.kind == "baseline" else self.name


class Standing(NamedTuple):
    """A line of the leaderboard.

    Attributes:
        model: whose it is.
        held_out: its scores on the rows that choices are made by, as `model` has them.
        scores: on the test split, as `stacker.scoring.scores.compute_scores` gives them, and `log_loss_low` and
            `log_loss_high`, by bootstrap over groups.
    """

    model: Model
    held_out: Mapping[str, Any]
    scores: dict[str, Any]


def rank_models(models: Sequence[Model], test: Rows, classes: list[str]) -> list[Standing]:
    """Score the models and sort them by held-out log loss, then held-out accuracy: to choose by is not to look ahead.

    Args:
        models: in any order.
        test: the test split.
        classes: the k class names.
    """
    losses = np.stack([compute_log_losses(test.labels, model.test) for model in models], axis=1)
    low, high = take_interval(resample_means(losses, test.groups))
    standings = [
        Standing(
            model,
            model.held_out,
            {
                **compute_scores(test.labels, model.test, classes, test.groups),
                "log_loss_low": float(low[number]),
                "log_loss_high": float(high[number]),
            },
        )
        for number, model in enumerate(models)
    ]
    return sorted(standings, key=_rank)


def choose_best_member(members: Sequence[Model]) -> Model:
    """The member with the lowest log loss on the rows that choices are made by; of equals, the first."""
    return min(members, key=lambda member: float(member.held_out["log_loss"]))


def _rank(standing: Standing) -> tuple[float, float, str]:
    return standing.held_out["log_loss"], -standing.held_out["accuracy"], standing.model.key
