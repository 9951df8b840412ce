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


def write_test_labels(labels: np.ndarray, classes: int) -> None:
    write_arrays({"test": len(labels)}, classes)
    np.save("data/arrays/test/labels.npy", labels)


def read_metrics() -> dict:
    return json.loads(Path("metrics/first.json").read_text())


def test_evaluate_scores_the_test_predictions_of_a_sigmoid(workspace, run_stage):
    write_test_labels(LABELS, 2)
    save_predictions("first", make_predictions(test=SECOND[:, np.newaxis].astype(np.float32)))

    run_stage("evaluate", "first")

    assert read_metrics()["accuracy"] == 0.75
    assert read_metrics()["recall"] == {"class_0": 0.75, "class_1": 0.75}
    assert "initial" not in read_metrics()
    assert sorted(path.name for path in Path("plots").iterdir()) == ["confusion", "roc"]


def test_evaluate_scores_three_classes(workspace, run_stage):
    write_test_labels(THREE_LABELS, 3)
    save_predictions("first", make_predictions(test=THREE.astype(np.float32)))

    run_stage("evaluate", "first")

    assert read_metrics()["accuracy"] == pytest.approx(4 / 6, abs=1e-6)
    assert list(read_metrics()["recall"]) == ["class_0", "class_1", "class_2"]


def test_evaluate_writes_the_scores_before_training_where_they_were_asked_for(workspace, run_stage):
    write_test_labels(LABELS, 2)
    half = np.full((8, 1), 0.5, np.float32)
    save_predictions("first", make_predictions(test=SECOND[:, np.newaxis].astype(np.float32), initial_test=half))

    run_stage("evaluate", "first")

    assert read_metrics()["initial"] == {"accuracy": 0.5, "log_loss": pytest.approx(np.log(2), abs=1e-6)}


def test_evaluate_says_which_stage_to_run_when_there_are_no_predictions(workspace, run_stage):
    write_test_labels(LABELS, 2)

    with pytest.raises(PipelineError, match="dvc repro train@first"):
        run_stage("evaluate", "first")


@pytest.mark.parametrize("module", ["check", "fetch", "prepare", "embed", "train", "stack", "evaluate", "compare"])
def test_a_stage_without_a_network_does_not_import_keras(module, pytestconfig):
    code = f"import sys, stages.{module}; print(*sorted({{'keras', 'tensorflow'}} & set(sys.modules)))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=pytestconfig.rootpath, check=True, capture_output=True, text=True
    )

    assert done.stdout.strip() == ""
