"""Fixtures that many tests need: a workspace with small settings, and a Keras that forgets between tests."""

import gc
import importlib
import re
import sys
import tempfile
from pathlib import Path

import pytest
from helpers import small_settings, write_params


@pytest.fixture(scope="session", autouse=True)
def temporary_folder(tmp_path_factory: pytest.TempPathFactory):
    """What tests and the processes that they start leave in the temporary folder, pytest removes with its own."""
    folder = tmp_path_factory.mktemp("temporary")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMPDIR", str(folder))
        patch.setattr(tempfile, "tempdir", str(folder))
        yield folder


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a small valid params.yaml: stages take all paths from where they run."""
    monkeypatch.chdir(tmp_path)
    write_params(small_settings())
    return tmp_path


@pytest.fixture
def run_stage():
    """Call a stage's `main` as `python -m stages.<name> <arguments>` would, in this process."""

    def run(name: str, *arguments: str, **options: bool) -> None:
        importlib.import_module(f"stages.{name}").main(*arguments, **options)

    return run


@pytest.fixture
def read_progress(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Call it for the progress shown: as in a log file, but each line at once, and its times left out."""
    monkeypatch.setattr("stacker.artifacts.progress.LOG_SECONDS", 0.0)

    def read() -> list[str]:
        lines = capsys.readouterr().err.splitlines()
        return [re.sub(r" after [\d:]+, [\d:?]+ left", "", line) for line in lines]

    return read


def pytest_collection_finish() -> None:
    """Keras collects garbage whenever it forgets; it need not look through what was there before the first test."""
    _freeze()


def _freeze() -> None:
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _forget_keras_state():
    """Free the networks of a test and its dtype policy; a test that needs no Keras does not pay for its import."""
    was_there = "keras" in sys.modules
    yield
    keras = sys.modules.get("keras")
    if hasattr(keras, "utils"):
        keras.config.set_dtype_policy("float32")
        keras.utils.clear_session()
        if not was_there:  # the test imported it, with some 370,000 objects
            _freeze()
