"""The console script `stacker`, as a user starts it."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from helpers import small_settings, write_params

Result = subprocess.CompletedProcess[str]
ROOT = Path(__file__).resolve().parents[2]


def run_stacker(*arguments: str, folder: Path = ROOT, options: tuple[str, ...] = ()) -> Result:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *options, "-m", "stacker", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_version_is_that_of_pyproject():
    expected = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

    result = run_stacker("--version")

    assert result.stdout == f"stacker {expected}\n", f"`make .venv/installed` installs the project: {result.stderr}"


def test_help_lists_the_commands_and_imports_nothing_heavy():
    result = run_stacker("--help", options=("-X", "importtime"))

    assert {"check", "plan"} <= set(result.stdout.split())
    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "typer" in imported
    assert imported & {"keras", "tensorflow", "numpy", "pydantic", "cv2", "dvc"} == set()


def test_check_says_that_settings_are_valid(workspace):
    result = run_stacker("check", folder=workspace)

    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("params.yaml is valid: ")


def test_check_names_a_wrong_setting_without_a_traceback(workspace):
    settings = small_settings()
    settings["data"]["image_sise"] = 96
    write_params(settings)

    result = run_stacker("check", folder=workspace)

    assert result.returncode == 1
    assert "image_sise" in result.stderr
    assert "Traceback" not in result.stderr


def test_check_takes_another_file():
    result = run_stacker("check", "profiles/cats_vs_dogs.yaml")

    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == "profiles/cats_vs_dogs.yaml is valid: 3 members, 1 ensemble\n"


def test_check_says_so_when_there_is_no_file(tmp_path):
    result = run_stacker("check", folder=tmp_path)

    assert result.returncode == 1
    assert "params.yaml is missing" in result.stderr
