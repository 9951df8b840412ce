"""`stacker explain`, as a user starts it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import write_image
from tiny_networks import FOR_RED, PHOTO, build_tiny_ensemble, build_tiny_member, save_tiny_model

from stacker.artifacts.errors import WrongUseError
from stacker.cli import main
from stacker.cli.explain import find_class

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Where photos and saved models are, whose second class has a name that is no markup."""
    monkeypatch.chdir(tmp_path)
    classes = ("green", "$red$")
    member = build_tiny_member("sharp", FOR_RED)
    save_tiny_model(build_tiny_ensemble("ensemble", [member]), Path("models/ensemble.h5"), ["sharp"], classes)
    save_tiny_model(member, Path("models/members/sharp.h5"), (), classes)
    for name in ("a/1.png", "b/1.png"):
        write_image(Path("photos") / name, PHOTO)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    """Call it with arguments for the exit code and what stands on standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["stacker", "explain", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code, *capsys.readouterr()

    return call


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


def test_a_member_is_taken_by_its_label(folder, run):
    code, out, err = run("photos/a/1.png", "--output", "out", "--model", "sharp")

    assert (code, err) == (0, "")
    assert out.startswith("out/1.png.png: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["photos/a/1.png"], "Missing option '--output'"),
        (["photos/a/1.png", "--output", "photos/b/1.png"], "is a file"),
        (["photos/a/1.png", "--output", "out", "--class", "gren"], "--class: the model knows no 'gren': name green"),
        (["photos/a/1.png", "--output", "out", "--class", "x"], "the model knows no 'x': name green or $red$"),
        (["photos", "--output", "photos/a"], "--output photos/a holds a photo to explain, photos/a/1.png: name a"),
    ],
)
def test_a_wrong_command_line_ends_with_2_and_writes_nothing(folder, run, arguments, message):
    code, out, err = run(*arguments)

    assert (code, out) == (2, "")
    assert message in " ".join(err.split())
    assert not Path("out").exists()
    assert sorted(path.name for path in Path("photos/a").iterdir()) == ["1.png"]


def test_of_a_thousand_classes_twenty_are_named():
    with pytest.raises(WrongUseError, match=r"name class 0, class 1, .*, class 18 or class 19, or one of 980 more$"):
        find_class("nothing like it", [f"class {number}" for number in range(1000)])
