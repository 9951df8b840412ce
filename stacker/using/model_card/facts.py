"""What a model card is written from: `metrics/`, and of `dvc.lock` the settings of the run. No photo, no network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.artifacts.results import DETAILS, LEADERBOARD
from stacker.scoring.significance import Comparison
from stacker.using.model_card.locked_settings import LockedSettings, load_locked_settings

HELD_OUT_LOSS = ".heldout.log_loss"
FIX = "run `dvc repro`"


class CardFacts(NamedTuple):
    """All that is known of one model.

    Attributes:
        label: a member's or an ensemble's.
        details: `metrics/details/<label>.json`.
        board: `metrics/details/leaderboard.json`, one value a key.
        members: the members that it is made of; of a member, itself.
        ensembles: all ensembles of the leaderboard.
        settings: of the run.
    """

    label: str
    details: Mapping[str, Any]
    board: Mapping[str, Any]
    members: list[str]
    ensembles: list[str]
    settings: LockedSettings

    @property
    def is_ensemble(self) -> bool:
        """Is it made of members?"""
        return self.label in self.ensembles

    @property
    def test(self) -> Mapping[str, Any]:
        """Scores of the test split, and what goes with them."""
        scores: Mapping[str, Any] = self.details["test"]
        return scores

    @property
    def classes(self) -> list[str]:
        """The class names, in the order of the model's outputs."""
        return list(self.test["recall"])

    def find(self, prefix: str) -> dict[str, Any]:
        """What the leaderboard holds below a key, by the rest of the key."""
        start = f"{prefix}."
        return {key[len(start) :]: value for key, value in self.board.items() if key.startswith(start)}

    def find_comparisons(self, prefix: str) -> dict[str, Comparison]:
        """The comparisons below a key of the leaderboard, such as `ensemble_against`, by the rival's key."""
        found: dict[str, dict[str, Any]] = {}
        for key, value in self.find(prefix).items():
            rival, _, name = key.rpartition(".")
            found.setdefault(rival, {})[name] = value
        return {rival: Comparison(**values) for rival, values in found.items()}


def load_facts(model: str | None = None) -> CardFacts:
    """Read what is known of a model.

    Args:
        model: its label, or the path of its `.h5` file; None for the ensemble (of several, the best by held-out log
            loss; without one, the best member).

    Raises:
        PipelineError: there are no metrics, or they are of an earlier version.
        WrongUseError: there are none of such a model.
    """
    board = _read_json(LEADERBOARD)
    keys = [key.removesuffix(HELD_OUT_LOSS) for key in board if key.endswith(HELD_OUT_LOSS)]
    members = sorted(key.removeprefix("members.") for key in keys if key.startswith("members."))
    ensembles = sorted(key for key in keys if "." not in key)
    label = _choose(board, ensembles) if model is None else Path(model).stem if model.endswith(".h5") else model
    if label not in [*ensembles, *members]:
        raise WrongUseError(
            f"there are no metrics of a model called {label!r}: choose from {', '.join([*ensembles, *members])}"
        )
    details = _read_json(DETAILS / f"{label}.json")
    if "confusion" not in details.get("test", {}) or "splits.test.n" not in board:
        raise PipelineError(f"{DETAILS} was written by an earlier version, which had no confusion and no counts: {FIX}")
    own = members if label in ensembles else [label]
    return CardFacts(label, details, board, own, ensembles, load_locked_settings(own))


def _choose(board: Mapping[str, Any], ensembles: list[str]) -> str:
    if not ensembles:
        return str(board["best_member"])
    return min(ensembles, key=lambda label: float(board[label + HELD_OUT_LOSS]))


def _read_json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise PipelineError(f"{path} is missing: {FIX}, in the project's folder")
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PipelineError(f"{path} is damaged ({error}): {FIX}") from None
    return values
