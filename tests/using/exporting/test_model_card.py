"""The card that goes along with an export is that of the exported model, or none."""

import json
from pathlib import Path

import pytest
from helpers import make_description

from stacker.artifacts.errors import PipelineError
from stacker.using.exporting import model_card

DESCRIPTION = make_description("ensemble", ["first"])  # its held-out log loss is 0.25


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("models").mkdir()
    Path("models/ensemble.h5").touch()
    Path("metrics/details").mkdir(parents=True)
    board = {"ensemble.heldout.log_loss": 0.25, "members.first.heldout.log_loss": 0.5, "splits.test.n": 8}
    Path("metrics/details/leaderboard.json").write_text(json.dumps(board), encoding="utf-8")
    monkeypatch.setattr(model_card, "write_card", lambda label: f"the card of {label}")
    return tmp_path


def write_details(log_loss: float) -> None:
    details = {"heldout": {"log_loss": log_loss}, "test": {"confusion": []}}
    Path("metrics/details/ensemble.json").write_text(json.dumps(details), encoding="utf-8")


def test_a_model_of_the_project_has_its_card(project):
    write_details(0.25)

    assert model_card.make_card(project / "models" / "ensemble.h5", DESCRIPTION) == "the card of ensemble"


def test_metrics_of_another_run_are_refused(project):
    write_details(0.2498)

    with pytest.raises(PipelineError, match=r"metrics/ tell of another ensemble, of a held-out log loss of 0\.2498"):
        model_card.make_card(Path("models/ensemble.h5"), DESCRIPTION)


def test_a_model_from_elsewhere_has_none(project):
    write_details(0.25)

    with pytest.raises(PipelineError, match="other/ensemble.h5 is no model of this project"):
        model_card.make_card(Path("other/ensemble.h5"), DESCRIPTION)
