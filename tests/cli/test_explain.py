"""`stacker explain`, as a user starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import write_image
from tiny_networks import FOR_RED, PHOTO, build_tiny_ensemble, build_tiny_member, save_tiny_model
from typer.testing import CliRunner

from stacker.cli import app

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Photos and saved models, whose second class has a name that is no markup."""
    monkeypatch.chdir(tmp_path)
    classes = ("green", "$red$")
    member = build_tiny_member("sharp", FOR_RED)
    save_tiny_model(build_tiny_ensemble("ensemble", [member]), Path("models/ensemble.h5"), ["sharp"], classes)
    save_tiny_model(member, Path("models/members/sharp.h5"), (), classes)
    for name in ("a/1.png", "b/1.png"):
        write_image(Path("photos") / name, PHOTO)
    return tmp_path


def run(*arguments: str):
    return CliRunner().invoke(app, ["explain", *arguments])


def test_all_photos_but_the_unreadable_one_are_explained(folder):
    Path("photos/a/broken.jpg").write_bytes(b"no photo")
    odd = os.fsdecode(b"photos/b/\xff.png")  # a name that is no UTF-8
    Path(odd).write_bytes(Path("photos/a/1.png").read_bytes())
    command = [sys.executable, "-m", "stacker", "explain", "photos", "--output", "out", "--class", "$red$"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    result = subprocess.run(command, env=environment, capture_output=True, check=False)

    assert result.returncode == 1
    assert result.stderr == b"photos/a/broken.jpg: it is no image that can be read\n"
    pictures = [line.split(b": ")[0] for line in result.stdout.splitlines()]
    assert pictures == [b"out/a/1.png.png", b"out/b/1.png.png", b"out/b/\xff.png.png"]
    assert all(Path(os.fsdecode(picture)).is_file() for picture in pictures)


def test_a_member_is_taken_by_its_label(folder):
    result = run("photos/a/1.png", "--output", "out", "--model", "sharp")

    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("out/1.png.png: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["photos/a/1.png"], "Missing option '--output'"),
        (["photos/a/1.png", "--output", "photos/b/1.png"], "is a file"),
        (["photos/a/1.png", "--output", "out", "--class", "gren"], "no class 'gren': name green"),
        (["photos/a/1.png", "--output", "out", "--class", "x"], "no class 'x': name green or $red$"),
    ],
)
def test_a_wrong_command_line_ends_with_2(folder, arguments, message):
    result = run(*arguments)

    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())
    assert not Path("out").exists()


def test_an_output_that_holds_the_photos_is_refused_before_anything_is_drawn(folder):
    result = run("photos/a/1.png", "--output", "photos")

    assert result.exit_code == 1
    assert "--output photos holds a photo to explain, photos/a/1.png" in str(result.exception)
    assert sorted(path.name for path in Path("photos/a").iterdir()) == ["1.png"]
