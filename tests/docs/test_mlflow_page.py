"""The script of docs/mlflow.md, run on settings and metrics as the stages write them, before a stand-in of MLflow."""

import contextlib
import re
import runpy
import sys
import types
from pathlib import Path

import pytest
from helpers import small_settings, write_params

from stacker.artifacts.results import METRICS
from stacker.scoring.reports import take_headline, write_metrics

PAGE = Path(__file__).parents[2] / "docs/mlflow.md"


@pytest.fixture
def logged(workspace, monkeypatch):
    """What the script hands over: params, metrics and artifacts."""
    calls = {"params": {}, "metrics": {}, "artifacts": []}
    monkeypatch.setitem(
        sys.modules,
        "mlflow",
        types.SimpleNamespace(
            set_experiment=lambda name: None,
            start_run=lambda run_name: contextlib.nullcontext(),
            log_params=calls["params"].update,
            log_metrics=calls["metrics"].update,
            log_artifact=lambda *arguments: calls["artifacts"].append(arguments),
            log_artifacts=lambda *arguments: calls["artifacts"].append(arguments),
        ),
    )
    monkeypatch.setattr(sys, "argv", ["log_to_mlflow.py", "a name"])
    write_params(small_settings())
    scores = {"accuracy": 0.75, "log_loss": 0.5, "n": 8}
    for label in ("first", "ensemble"):
        METRICS.mkdir(exist_ok=True)
        write_metrics(METRICS / f"{label}.json", {"heldout": take_headline(scores), "test": take_headline(scores)})
    Path("models/members").mkdir(parents=True)
    for name in ("ensemble.h5", "members/first.h5", "README.md"):
        (Path("models") / name).touch()
    script = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]
    Path("log_to_mlflow.py").write_text(script, encoding="utf-8")
    runpy.run_path("log_to_mlflow.py")
    return calls


def test_settings_are_logged_by_their_dotted_names(logged):
    assert logged["params"]["data.splits.test"] == 0.2
    assert logged["params"]["members.first.backbone"] == "MobileNetV2"
    assert logged["params"]["cross_validation"] == {}


def test_four_scores_a_model_are_logged(logged):
    names = ("heldout.accuracy", "heldout.log_loss", "test.accuracy", "test.log_loss")

    assert sorted(logged["metrics"]) == [f"{label}.{name}" for label in ("ensemble", "first") for name in names]
    assert logged["metrics"]["ensemble.heldout.log_loss"] == 0.5


def test_ensembles_and_what_people_look_at_are_logged(logged):
    assert logged["artifacts"] == [("models/ensemble.h5", "models"), ("metrics", "metrics"), ("plots", "plots")]
