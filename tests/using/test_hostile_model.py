"""A model that somebody passed on, with code in it: whatever one does with it, nothing of it runs."""

import shutil
import sys
from pathlib import Path

import keras
import pytest
from helpers import write_image
from hostile_models import put_lambda
from tiny_networks import FOR_RED, PHOTO, build_tiny_ensemble, build_tiny_member, save_tiny_model

import stacker
from stacker.artifacts.errors import PipelineError
from stacker.cli import main

COMMANDS = {
    "predict": ["predict", "photo.png", "--model", "theirs.h5"],
    "explain": ["explain", "photo.png", "--output", "out", "--model", "theirs.h5"],
    "export": ["export", "keras", "--model", "theirs.h5"],
    "next": ["next", "photo.png", "--model", "theirs.h5"],
    "demo": ["demo", "--port", "0", "--model", "theirs.h5"],
}


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "theirs.h5"
    save_tiny_model(build_tiny_ensemble("theirs", [build_tiny_member("sharp", FOR_RED)]), path, ["sharp"])
    put_lambda(path, "meta_model")
    return path


@pytest.fixture
def theirs(saved, tmp_path, monkeypatch) -> Path:
    """The model, in the folder that one works in, where Keras must not be asked for it."""
    monkeypatch.chdir(tmp_path)
    write_image(Path("photo.png"), PHOTO)
    monkeypatch.setattr(keras.models, "load_model", None)
    monkeypatch.setattr("stacker.cli.demo.EXTRA", ())
    return Path(shutil.copy(saved, "theirs.h5"))


@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_takes_it(theirs, monkeypatch, capsys, command):
    monkeypatch.setattr(sys, "argv", ["stacker", *COMMANDS[command]])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert "error: theirs.h5 is refused: its network has a part of the class '__lambda__'" in capsys.readouterr().err


def test_python_does_not_take_it_either(theirs):
    with pytest.raises(PipelineError, match=r"theirs\.h5 is refused: .*'__lambda__'"):
        stacker.load(theirs)
