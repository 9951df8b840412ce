import importlib.metadata
import sys
import time
from typing import Annotated

import pytest
import typer

from stacker.artifacts.code_files import CODE
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.seconds import read_seconds
from stacker.checks.command import run_stage


@pytest.fixture
def called(workspace, monkeypatch):
    """Call `run_stage` as `python -m stages.train <arguments>` does, where `check` has asked for some packages."""
    CODE.mkdir(parents=True)

    def call(main, *arguments: str, packages: str = "", **options: bool) -> None:
        (CODE / "train.txt").write_text(f"module stages.train ab\n{packages}")
        monkeypatch.setattr(sys, "argv", ["stages/train.py", *arguments])
        run_stage(main, "Train one member.", **options)

    return call


def test_run_stage_ends_with_the_message_alone_when_the_user_can_mend_it(called):
    def main() -> None:
        raise PipelineError("data.images: no such folder")

    with pytest.raises(SystemExit) as caught:
        called(main)

    assert caught.value.code == "\nerror: data.images: no such folder\n"  # a string: printed, and exit status 1


def test_run_stage_keeps_the_traceback_of_a_defect(called):
    def main() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        called(main)


def test_run_stage_gives_main_what_the_command_line_says(called):
    received = []

    def main(label: str, ensemble: Annotated[bool, typer.Option("--ensemble")] = False) -> None:
        received.append((label, ensemble))

    for arguments in (["boss", "--ensemble"], ["first"]):
        with pytest.raises(SystemExit) as caught:
            called(main, *arguments)
        assert caught.value.code == 0

    assert received == [("boss", True), ("first", False)]


@pytest.mark.parametrize("arguments", [[], ["first", "second"], ["first", "--unknown"]])
def test_run_stage_refuses_a_command_line_that_does_not_fit(called, capsys, arguments):
    def main(label: str) -> None:
        raise AssertionError("not to be called")

    with pytest.raises(SystemExit) as caught:
        called(main, *arguments)

    assert caught.value.code == 2
    assert "Usage: python -m stages.train" in capsys.readouterr().err


def test_help_tells_the_story_whatever_is_installed(called, capsys):
    with pytest.raises(SystemExit) as caught:
        called(lambda: None, "--help", packages="package numpy 0.1\n")

    assert caught.value.code == 0
    assert "Train one member." in capsys.readouterr().out


def test_packages_of_other_versions_stop_a_stage_before_its_work(called):
    def main() -> None:
        raise AssertionError("not to be called")

    with pytest.raises(SystemExit, match=r"error: this environment is not the one that data/code/train\.txt asks for"):
        called(main, packages="package numpy 0.1\n")


def test_packages_as_asked_let_a_stage_go_on(called):
    calls = []
    version = ".".join(importlib.metadata.version("numpy").split(".")[:2])

    with pytest.raises(SystemExit):
        called(lambda: calls.append(1), packages=f"package numpy {version}\n")

    assert calls == [1]


def test_the_stage_check_is_not_verified_against_what_it_is_about_to_write(called):
    calls = []

    with pytest.raises(SystemExit):
        called(lambda: calls.append(1), packages="package numpy 0.1\n", is_verified=False)

    assert calls == [1]


def test_a_stage_without_its_code_file_says_what_to_run(called, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["stages/evaluate.py"])

    with pytest.raises(SystemExit, match=r"error: data/code/evaluate\.txt is missing: run `dvc repro check`"):
        run_stage(lambda: None, "story")


def test_how_long_a_stage_took_is_kept_where_dvc_runs_it(called, workspace, monkeypatch):
    monkeypatch.setenv("DVC_STAGE", "train@first")
    monkeypatch.setenv("DVC_ROOT", str(workspace))
    before = time.process_time()

    with pytest.raises(SystemExit):
        called(lambda: time.sleep(0.3))

    assert before + 0.2 < read_seconds("train@first") < before + 60  # what ran before counts, by the processor's time


@pytest.mark.parametrize("arguments", [["--unknown"], []])
def test_how_long_a_failure_took_is_not_kept(called, workspace, monkeypatch, arguments):
    monkeypatch.setenv("DVC_STAGE", "train@first")
    monkeypatch.setenv("DVC_ROOT", str(workspace))

    def main() -> None:
        raise PipelineError("no")

    with pytest.raises(SystemExit):
        called(main, *arguments)

    assert read_seconds("train@first") is None
