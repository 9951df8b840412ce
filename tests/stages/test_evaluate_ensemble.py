"""The stages evaluate_ensemble: the same script as for members."""

import json
from pathlib import Path

import numpy as np
import pytest
from golden import LABELS, SECOND, THREE, THREE_LABELS
from helpers import make_predictions, write_arrays

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import EnsemblePredictions, save_ensemble_predictions, save_predictions


def write_labels(labels: np.ndarray, classes: int) -> None:
    write_arrays({"train": 6, "validation": 4, "test": len(labels)}, classes)
    np.save("data/arrays/test/labels.npy", labels)


def save_ensemble(label: str, test: np.ndarray, fit_on: str = "oof", checked: int = 5) -> None:
    """Probabilities of the test split; held-out rows 3 and 0, of which the second class gets 0.8 and 0.3."""
    values = np.log(test / (1 - test) if test.shape[1] == 1 else test).astype(np.float32)
    sure = np.log(np.array([[0.8 / 0.2], [0.3 / 0.7]])) if test.shape[1] == 1 else np.zeros((2, test.shape[1]))
    save_ensemble_predictions(
        label,
        EnsemblePredictions(
            train=np.zeros((6, test.shape[1]), np.float32),
            validation=np.zeros((4, test.shape[1]), np.float32),
            test=values,
            held_out=sure.astype(np.float32),
            held_out_rows=np.array([3, 0]),
            fit_on=np.array(fit_on),
            checked_photos=np.array(checked),
        ),
    )


def read_metrics(label: str) -> dict:
    return json.loads(Path(f"metrics/details/{label}.json").read_text())


def test_an_ensemble_of_two_classes_is_scored(workspace, run_stage):
    write_labels(LABELS, 2)
    save_ensemble("boss", SECOND[:, np.newaxis])

    run_stage("evaluate", "boss", ensemble=True)

    metrics = read_metrics("boss")
    test, held_out = metrics["test"], metrics["heldout"]
    assert (test["n"], test["accuracy"], test["log_loss"]) == (8, 0.75, 0.4004)
    assert (held_out["rows"], held_out["n"], held_out["accuracy"]) == ("oof", 2, 1.0)
    assert held_out["log_loss"] == pytest.approx(-(np.log(0.8) + np.log(0.7)) / 2, abs=1e-4)
    assert (metrics["fit_on"], metrics["leaked"], metrics["checked_photos"]) == ("oof", False, 5)
    assert "initial" not in metrics
    assert sorted(json.loads(Path("metrics/boss.json").read_text())) == ["heldout", "test"]


def test_an_ensemble_of_three_classes_is_scored(workspace, run_stage):
    write_labels(THREE_LABELS, 3)
    save_ensemble("boss", THREE)

    run_stage("evaluate", "boss", ensemble=True)

    assert read_metrics("boss")["test"]["accuracy"] == pytest.approx(4 / 6, abs=1e-6)


@pytest.mark.parametrize(("fit_on", "leaked"), [("oof", False), ("holdout", False), ("train", True)])
def test_metrics_say_whether_the_meta_model_saw_leaked_predictions(workspace, run_stage, fit_on, leaked):
    write_labels(LABELS, 2)
    save_ensemble("boss", SECOND[:, np.newaxis], fit_on)

    run_stage("evaluate", "boss", ensemble=True)

    assert (read_metrics("boss")["fit_on"], read_metrics("boss")["leaked"]) == (fit_on, leaked)
    assert read_metrics("boss")["heldout"]["rows"] == ("validation" if leaked else fit_on)


def test_a_label_is_looked_up_where_it_is_said_to_be(workspace, run_stage):
    write_labels(LABELS, 2)
    save_predictions("first", make_predictions())

    with pytest.raises(PipelineError, match=r"ensembles/first\.npz is missing: run `dvc repro stack@first`"):
        run_stage("evaluate", "first", ensemble=True)
