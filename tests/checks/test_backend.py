import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import write_edited

from stacker.artifacts.errors import PipelineError
from stacker.checks.backend import VARIABLE, use_backend


@pytest.fixture
def without_keras(monkeypatch):
    """As at the start of a process: Keras is not imported yet, and the variable is not set."""
    monkeypatch.delitem(sys.modules, "keras", raising=False)
    monkeypatch.setenv(VARIABLE, "tensorflow")  # so that it is put back, whatever the test does
    monkeypatch.delenv(VARIABLE)


@pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
def test_the_setting_becomes_what_keras_reads(workspace, without_keras, backend):
    write_edited({"backend": backend})

    use_backend()

    assert os.environ[VARIABLE] == backend


def test_a_variable_that_says_the_same_is_let_be(workspace, without_keras, monkeypatch):
    monkeypatch.setenv(VARIABLE, "jax")
    write_edited({"backend": "jax"})

    use_backend()

    assert os.environ[VARIABLE] == "jax"


@pytest.mark.parametrize("named", ["jax", ""])
def test_a_variable_that_says_otherwise_is_refused(workspace, without_keras, monkeypatch, named):
    monkeypatch.setenv(VARIABLE, named)

    with pytest.raises(PipelineError, match=f"KERAS_BACKEND={named}, params.yaml says `backend: tensorflow`: unset"):
        use_backend()


def test_a_keras_that_already_runs_on_another_backend_is_refused(workspace):
    code = (
        "import os, sys; sys.path.insert(0, sys.argv[1]); import keras; del os.environ['KERAS_BACKEND']\n"
        "from stacker.checks.backend import use_backend\n"
        "from stacker.artifacts.errors import PipelineError\n"
        "try: use_backend()\n"
        "except PipelineError as error: print(error)\n"
    )
    write_edited({"backend": "torch"})
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [sys.executable, "-c", code, root],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, VARIABLE: "tensorflow"},
    )

    assert done.stdout.strip() == "Keras already runs on tensorflow, params.yaml says `backend: torch`"


def test_keras_runs_on_what_the_setting_says(workspace):
    """The tests' own Keras runs on TensorFlow, as the small settings say."""
    import keras

    use_backend()

    assert keras.config.backend() == os.environ[VARIABLE] == "tensorflow"
