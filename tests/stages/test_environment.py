"""What a stage says where `python` is not the environment's."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run Python without its packages: -S leaves `site-packages` out."""
    command = [sys.executable, "-S", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "stage", ["check", "fetch", "prepare", "embed", "train", "fuse", "stack", "evaluate", "compare", "audit"]
)
def test_a_stage_outside_of_the_environment_says_how_to_come_into_it(stage):
    result = run("-m", f"stages.{stage}")

    assert result.returncode == 1
    assert result.stderr.startswith(f"\nerror: {sys.executable} has no package `")
    assert "Run `source .venv/bin/activate` first, or `make repro`" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("import json.missing", "ModuleNotFoundError: No module named 'json.missing'"),
        ("import stages.missing", "ModuleNotFoundError: No module named 'stages.missing'"),
        ("1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
def test_a_defect_keeps_its_traceback(tmp_path, line, expected):
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/__init__.py").write_text((ROOT / "stages/__init__.py").read_text())
    (tmp_path / "stages/one.py").write_text(line)

    result = run("-m", "stages.one", folder=tmp_path)

    assert "Traceback" in result.stderr
    assert result.stderr.endswith(f"{expected}\n")


def test_who_imports_a_stage_keeps_their_own_way_to_show_errors():
    result = run("-c", "import sys, stages; print(sys.excepthook is sys.__excepthook__)")

    assert result.stdout == "True\n"


def test_ctrl_c_while_packages_are_imported_leaves_no_traceback(tmp_path):
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/__init__.py").write_text((ROOT / "stages/__init__.py").read_text())
    (tmp_path / "stages/one.py").write_text(
        "import os, signal, time\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell's background job ignores it
        "os.kill(os.getpid(), signal.SIGINT)\n"
        "time.sleep(60)\n"
    )

    result = run("-m", "stages.one", folder=tmp_path)

    assert result.returncode == 130
    assert result.stderr == "\nstopped before it began: `dvc repro` runs this stage\n"
