import pytest

from stacker.artifacts.seconds import SECONDS, keep_seconds, read_seconds


@pytest.fixture
def in_dvc(workspace, monkeypatch):
    """As DVC runs a stage: it says which, and where the project is, whatever folder the command works in."""
    monkeypatch.setenv("DVC_STAGE", "train@a")
    monkeypatch.setenv("DVC_ROOT", str(workspace))
    return workspace


def test_seconds_of_a_stage_come_back_the_last_ones_alone(in_dvc):
    keep_seconds(3.14)
    keep_seconds(2.72)

    assert read_seconds("train@a") == 2.7
    assert read_seconds("train@b") is None


def test_seconds_lie_below_the_root_that_dvc_names(in_dvc, tmp_path, monkeypatch):
    monkeypatch.setenv("DVC_ROOT", str(tmp_path / "project"))

    keep_seconds(1)

    assert (tmp_path / "project" / SECONDS / "train@a").read_text() == "1.0\n"


@pytest.mark.parametrize("variable", ["DVC_STAGE", "DVC_ROOT"])
def test_without_dvc_nothing_is_kept(in_dvc, monkeypatch, variable):
    monkeypatch.delenv(variable)

    keep_seconds(3)

    assert not (in_dvc / ".dvc").exists()


def test_a_place_that_cannot_be_written_fails_no_stage(in_dvc):
    (in_dvc / ".dvc").write_text("a file where a folder should be")

    keep_seconds(3)

    assert (in_dvc / ".dvc").is_file()


def test_half_a_file_is_no_duration(in_dvc):
    keep_seconds(3)
    (in_dvc / SECONDS / "train@a").write_text("")

    assert read_seconds("train@a") is None
