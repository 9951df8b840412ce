import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from golden import LABELS, SECOND, THREE, THREE_LABELS
from helpers import make_predictions, write_arrays

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import save_predictions


def write_labels(labels: np.ndarray, classes: int) -> None:
    """The test split has these labels; the train split has 12 rows, of class 0, 1, ... in turn, validation has 2."""
    write_arrays({"train": 12, "validation": 2, "test": len(labels)}, classes)
    np.save("data/arrays/test/labels.npy", labels)


def log_odds(probabilities: np.ndarray) -> np.ndarray:
    """Of probabilities of the second class, (n,): logits as a member gives them, (n, 1)."""
    return np.log(probabilities / (1 - probabilities))[:, np.newaxis].astype(np.float32)


THREE_HELD_OUT = {"held_out": np.zeros((2, 3), np.float32), "validation": np.zeros((2, 3), np.float32)}


def read_metrics() -> dict:
    return json.loads(Path("metrics/details/first.json").read_text())


def test_evaluate_scores_the_test_predictions_of_a_sigmoid(workspace, run_stage):
    write_labels(LABELS, 2)
    save_predictions("first", make_predictions(test=log_odds(SECOND)))

    run_stage("evaluate", "first")

    metrics = read_metrics()
    assert metrics["test"]["accuracy"] == 0.75
    assert metrics["test"]["log_loss"] == 0.4004
    assert metrics["test"]["recall"] == {"class_0": 0.75, "class_1": 0.75}
    assert metrics["test"]["confusion"] == {
        "class_0": {"class_0": 3, "class_1": 1},
        "class_1": {"class_0": 1, "class_1": 3},
    }
    for rows, name in (("test", "brier"), ("test", "roc_auc"), ("heldout", "log_loss")):
        values = metrics[rows]
        assert values[f"{name}_low"] < values[name] < values[f"{name}_high"]
    assert sum(found["n"] for found in metrics["test"]["calibration"].values()) == 8
    assert metrics["test_set"] == f"{4:016x}"  # as write_arrays has it: the length of the split's name
    assert "initial" not in read_metrics()
    assert [path.name for path in Path().rglob(".partial-*")] == []


def test_evaluate_says_how_far_the_saved_file_lies_from_what_came_through_int8(workspace, run_stage):
    write_labels(LABELS, 2)
    saved = {"saved_rows": np.array([0, 7]), "saved_test": np.array([[0.4], [0.4]], np.float32)}
    save_predictions("first", make_predictions(test=log_odds(SECOND), **saved))

    run_stage("evaluate", "first")

    found = read_metrics()["saved_file"]
    assert (found["n"], found["accuracy"]) == (2, 0.5)


def test_the_file_for_dvc_metrics_has_four_scores_and_no_other_key(workspace, run_stage):
    write_labels(LABELS, 2)
    save_predictions("first", make_predictions(test=log_odds(SECOND)))

    run_stage("evaluate", "first")

    details = read_metrics()
    assert json.loads(Path("metrics/first.json").read_text()) == {
        rows: {name: details[rows][name] for name in ("accuracy", "log_loss")} for rows in ("heldout", "test")
    }


def test_evaluate_scores_three_classes(workspace, run_stage):
    write_labels(THREE_LABELS, 3)
    save_predictions("first", make_predictions(test=np.log(THREE).astype(np.float32), **THREE_HELD_OUT))

    run_stage("evaluate", "first")

    assert read_metrics()["test"]["accuracy"] == pytest.approx(4 / 6, abs=1e-6)
    assert list(read_metrics()["test"]["recall"]) == ["class_0", "class_1", "class_2"]


def test_evaluate_writes_the_scores_before_training_where_they_were_asked_for(workspace, run_stage):
    write_labels(LABELS, 2)
    half = np.zeros((8, 1), np.float32)
    save_predictions("first", make_predictions(test=log_odds(SECOND), initial_test=half))

    run_stage("evaluate", "first")

    assert read_metrics()["initial"] == {"accuracy": 0.5, "log_loss": pytest.approx(np.log(2), abs=1e-4)}


@pytest.mark.parametrize(("rows", "kind"), [(12, "oof"), (3, "holdout")])
def test_evaluate_scores_the_held_out_rows_too(workspace, run_stage, rows, kind):
    write_labels(LABELS, 2)
    np.save("data/arrays/train/groups.npy", np.array([5, 5, *range(10, 20)]))  # the first two are copies
    held_out = log_odds(np.array([0.2, 0.6, 0.7, *([0.5] * 9)])[:rows])
    cuts = {"held_out_rows": np.arange(rows), "held_out_fold": np.arange(rows) % 3}
    everywhere = {"train": log_odds(np.full(12, 0.9)), "test": log_odds(SECOND)}
    save_predictions("first", make_predictions(**everywhere, **cuts, held_out=held_out))

    run_stage("evaluate", "first")

    held = read_metrics()["heldout"]
    losses = [-np.log(0.8), -np.log(0.6), -np.log(0.3), *([np.log(2)] * 9)][:rows]
    assert (held["rows"], held["n"], held["groups"]) == (kind, rows, rows - 1)
    assert held["log_loss"] == pytest.approx(np.mean(losses), abs=1e-4)


def test_without_held_out_rows_the_validation_split_stands_for_them_and_is_named(workspace, run_stage):
    write_labels(LABELS, 2)
    leaked = {"held_out": log_odds(np.full(12, 0.9)), "held_out_rows": np.arange(12), "held_out_fold": np.full(12, -1)}
    validation = log_odds(np.array([0.2, 0.6, 0.1, 0.1]))  # of classes 0, 1, 0, 1
    save_predictions("first", make_predictions(**leaked, validation=validation, test=log_odds(SECOND)))

    np.save("data/arrays/validation/labels.npy", np.array([0, 1, 0, 1]))
    np.save("data/arrays/validation/groups.npy", np.arange(4))

    run_stage("evaluate", "first")

    held = read_metrics()["heldout"]
    assert (held["rows"], held["n"], held["accuracy"]) == ("validation", 4, 0.75)
    assert held["log_loss"] == pytest.approx(-np.log([0.8, 0.6, 0.9, 0.1]).mean(), abs=1e-4)


def test_evaluate_says_which_stage_to_run_when_there_are_no_predictions(workspace, run_stage):
    write_labels(LABELS, 2)

    with pytest.raises(PipelineError, match="dvc repro train@first"):
        run_stage("evaluate", "first")


@pytest.mark.parametrize(
    "module", ["check", "fetch", "prepare", "embed", "train", "stack", "evaluate", "compare", "audit"]
)
def test_a_stage_without_a_network_does_not_import_keras(module, pytestconfig):
    code = f"import sys, stages.{module}; print(*sorted({{'keras', 'tensorflow'}} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=pytestconfig.rootpath, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == ""
