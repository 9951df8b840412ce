"""Fixtures that many tests need: a workspace with small settings, and a Keras that forgets between tests."""

import importlib
import sys
from pathlib import Path

import pytest
from helpers import small_settings, write_params


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, with a small valid params.yaml: stages take all paths from where they run."""
    monkeypatch.chdir(tmp_path)
    write_params(small_settings())
    return tmp_path


@pytest.fixture
def run_stage(monkeypatch: pytest.MonkeyPatch):
    """Call a stage's `main` as `python -m stages.<name> <arguments>` would, in this process."""

    def run(name: str, *arguments: str) -> None:
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        importlib.import_module(f"stages.{name}").main()

    return run


@pytest.fixture(autouse=True)
def _forget_keras_state():
    """Free the networks of a test and its dtype policy; a test that needs no Keras does not pay for its import."""
    yield
    keras = sys.modules.get("keras")
    if hasattr(keras, "utils"):
        keras.config.set_dtype_policy("float32")
        keras.utils.clear_session()
