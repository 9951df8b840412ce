"""Fixtures that many tests need: a workspace with small settings, and a Keras that forgets between tests."""

import gc
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
def run_stage():
    """Call a stage's `main` as `python -m stages.<name> <arguments>` would, in this process."""

    def run(name: str, *arguments: str, **options: bool) -> None:
        importlib.import_module(f"stages.{name}").main(*arguments, **options)

    return run


def pytest_collection_finish() -> None:
    """Keras collects garbage whenever it forgets; it need not look through what was there before the first test."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def _forget_keras_state():
    """Free the networks of a test and its dtype policy; a test that needs no Keras does not pay for its import."""
    yield
    keras = sys.modules.get("keras")
    if hasattr(keras, "utils"):
        keras.config.set_dtype_policy("float32")
        keras.utils.clear_session()
