import importlib.metadata
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Annotated

import pytest
import typer

from stacker.artifacts.code_files import CODE
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.seconds import read_seconds
from stacker.checks.command import run_stage

ROOT = Path(__file__).parents[2]


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


def test_run_stage_obeys_no_name_that_commands_the_terminal(called, capsys):
    def main() -> None:
        print("train: 5 images (\x1b[31mred 5)")
        raise PipelineError("photos/\x1b]0;owned\x07.png: no image")

    with pytest.raises(SystemExit) as caught:
        called(main)

    assert capsys.readouterr().out == "train: 5 images (\\x1b[31mred 5)\n"
    assert caught.value.code == "\nerror: photos/\\x1b]0;owned\\x07.png: no image\n"


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


def run_script(tmp_path, body: str, packages: str) -> subprocess.CompletedProcess[str]:
    """Run a script that is a stage, in a process of its own, as DVC does."""
    (tmp_path / "data/code").mkdir(parents=True)
    (tmp_path / "data/code/train.txt").write_text(f"module stages.train ab\n{packages}")
    (tmp_path / "train.py").write_text(
        f"import os\nfrom stacker.checks.command import run_stage\ndef main():\n    {body}\nrun_stage(main, 'story')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "train.py"]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("is_network", [True, False])
def test_harmless_lines_are_hidden_where_a_stage_may_run_a_network(tmp_path, is_network):
    version = ".".join(importlib.metadata.version("keras").split(".")[:2])
    harmless = "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n"
    body = f"os.write(2, {(harmless + 'a real line').encode()!r}); raise SystemExit(5)"

    result = run_script(tmp_path, body, f"package keras {version}\n" if is_network else "")

    assert (result.returncode, result.stderr) == (5, "a real line" if is_network else f"{harmless}a real line")


def test_a_stage_says_how_long_it_took_and_its_lines_do_not_wait_for_its_end(tmp_path):
    result = run_script(tmp_path, "print('first'); os.write(1, b'second\\n')", "")

    assert result.returncode == 0, result.stderr
    assert re.fullmatch(r"first\nsecond\ndone in \d+\.\d s\n", result.stdout)


def test_a_stage_that_fails_does_not_say_that_it_is_done(called, capsys):
    with pytest.raises(ZeroDivisionError):
        called(lambda: 1 / 0)

    assert "done" not in capsys.readouterr().out


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


@pytest.mark.parametrize(
    ("words", "told"),
    [((), "`dvc repro` begins this stage anew, and keeps the stages before it"), (("pet: kept",), "pet: kept")],
)
def test_ctrl_c_ends_a_stage_with_a_line_on_how_to_go_on(called, capsys, words, told):
    def main() -> None:
        raise KeyboardInterrupt(*words)

    with pytest.raises(SystemExit) as caught:
        called(main)

    assert caught.value.code == 130
    assert capsys.readouterr() == ("", f"\nstopped: {told}\n")


def test_ctrl_c_before_main_is_told_alike(called, capsys, monkeypatch):
    def interrupt(*_) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("stacker.checks.command.verify_versions", interrupt)

    with pytest.raises(SystemExit) as caught:
        called(lambda: None)

    assert caught.value.code == 130
    assert capsys.readouterr().err.startswith("\nstopped: ")
