"""Write scores, and say them in a line."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stacker.artifacts.outputs import replaced_file

COUNTED = {  # scores that are made of counts of photos alone
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "balanced_accuracy",
    "f1",
    "p_value",
    "adjusted_p_value",
    "error_correlation",
    "disagreement",
    "coverage",
    "coverage_low",
    "coverage_high",
    "single",
    "share",
    "share_low",
    "share_high",
}


def take_headline(scores: dict[str, Any]) -> dict[str, float]:
    """The two scores that `dvc metrics` shows of some rows: with two of each model, its tables fit 100 columns."""
    return {name: scores[name] for name in ("accuracy", "log_loss")}


def describe_scores(scores: dict[str, Any]) -> str:
    """The scores that one looks at first, in a line."""
    return (
        f"accuracy {scores['accuracy']:.4f} (95 % {scores['accuracy_low']:.4f} to {scores['accuracy_high']:.4f}, "
        f"{count_photos(scores, 'photos')}), log loss {scores['log_loss']:.4f}"
    )


def count_photos(scores: Mapping[str, Any], noun: str) -> str:
    """How many photos were scored, called `noun`, and of how many different ones they are, where some are copies."""
    n, groups = scores["n"], scores["groups"]
    return f"{n:,} {noun}" if groups == n else f"{n:,} {noun} in {groups:,} groups"


def write_metrics(path: Path, values: dict[str, Any]) -> None:
    """Write scores as JSON, rounded to what another CPU's rounding leaves alone.

    What counts photos is exact, and has six digits: enough for any n. All else has four.
    """
    with replaced_file(path) as partial:
        partial.write_text(json.dumps(_round(values), indent=2) + "\n", encoding="utf-8")


def _round(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):  # a recall has its class's name as key
        return {name: _round(child, "recall" if key == "recall" else name) for name, child in value.items()}
    if not isinstance(value, float):
        return value
    is_counted = key == "recall" or ".test.recall." in key or key.rpartition(".")[2] in COUNTED
    return round(value, 6 if is_counted else 4)
