"""What the stages write of numbers: is it what a run of this kind must have written?"""

import csv
import json
import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from .clone import Clone, Params

HELD_OUT = {"oof": "train", "train": "validation"}  # by `stacking.fit_on`, the split whose rows choices go by


class Counts(NamedTuple):
    """Which rows a run scores: test photos, and held-out rows, of which kind."""

    test: int
    held_out: int
    held_out_rows: str


def count_rows(project: Clone, test: int) -> Counts:
    """What the settings ask for, where `test` photos are in the test split; how many are held out, the arrays say."""
    fit_on = project.read_params()["stacking"]["fit_on"]
    labels = np.load(project.path / f"data/arrays/{HELD_OUT[fit_on]}/labels.npy")
    return Counts(test, len(labels), "oof" if fit_on == "oof" else "validation")


def check_metrics(project: Clone, model: str, counts: Counts, has_initial: bool = False) -> None:
    """`metrics/details/<model>.json` has scores of test split and held-out rows, and says which rows these are."""
    metrics: Params = json.loads((project.path / f"metrics/details/{model}.json").read_text(encoding="utf-8"))
    test_set = (project.path / "data/arrays/test/fingerprint.txt").read_text(encoding="ascii").strip()
    assert re.fullmatch("[0-9a-f]{16}", test_set)
    assert metrics["test_set"] == test_set
    assert metrics["heldout"]["rows"] == counts.held_out_rows
    for scores, n in ((metrics["heldout"], counts.held_out), (metrics["test"], counts.test)):
        assert scores["n"] == n
        assert 1 <= scores["groups"] <= n
        assert 0 <= scores["accuracy_low"] <= scores["accuracy"] <= scores["accuracy_high"] <= 1
        assert 0 <= scores["balanced_accuracy"] <= 1
        assert scores["log_loss"] > 0
    assert 0 <= metrics["test"]["roc_auc"] <= 1
    assert set(metrics["test"]["recall"]) == set(json.loads((project.path / "data/arrays/classes.json").read_text()))
    assert ("initial" in metrics) is has_initial
    if has_initial:
        assert 0 <= metrics["initial"]["accuracy"] <= 1
        assert metrics["initial"]["log_loss"] > 0


def check_ensemble(project: Clone, ensemble: str, counts: Counts) -> None:
    """`metrics/details/<ensemble>.json` says what the meta-model learnt from; the saved file was fed photos."""
    metrics = json.loads((project.path / f"metrics/details/{ensemble}.json").read_text(encoding="utf-8"))
    fit_on = project.read_params()["stacking"]["fit_on"]
    assert (metrics["fit_on"], metrics["leaked"]) == (fit_on, fit_on == "train")
    assert metrics["checked_photos"] == min(counts.test, 64)


def check_curves(project: Clone, model: str, epochs: int) -> None:
    """The learning curves have so many epochs; 0 stands for a fit to the optimum: iterations, or strengths."""
    path: Path = project.path / f"plots/curves/{model}.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    assert [int(line["epoch"]) for line in lines] == list(range(1, (epochs or len(lines)) + 1))
    if epochs:
        assert all(float(line["learning_rate"]) > 0 for line in lines)
    else:
        assert len(lines) > 1
        phases = {(line["phase"], line["learning_rate"], bool(line["strength"])) for line in lines}
        assert phases in ({("meta_model", "", False)}, {("head", "", True)})
        assert float(lines[-1]["loss"]) <= float(lines[0]["loss"])


def read_changes(project: Clone, old: str, new: str) -> dict[str, Params]:
    """By file, what differs between the metrics of two branches, as DVC sees it."""
    changes: dict[str, Params] = json.loads(project.dvc("metrics", "diff", old, new, "--json"))
    return changes


def check_metrics_diff(project: Clone, old: str, new: str, left: str, stayed: str, arrived: str) -> None:
    """`dvc metrics diff` between two branches names the members that differ, and how the ensemble changed."""
    changes = json.loads(project.dvc("metrics", "diff", old, new, "--all", "--json"))
    for score in ("heldout.log_loss", "test.log_loss"):
        losses = {label: changes[f"metrics/{label}.json"][score] for label in (left, stayed, arrived, "ensemble")}
        assert losses[left]["old"] > 0
        assert losses[left]["new"] is None
        assert losses[arrived]["new"] > 0
        assert losses[arrived]["old"] is None
        assert losses["ensemble"]["diff"] == pytest.approx(losses["ensemble"]["new"] - losses["ensemble"]["old"])
        assert losses[stayed]["old"] == losses[stayed]["new"]
