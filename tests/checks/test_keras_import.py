import subprocess
import sys
from pathlib import Path

import pytest

from stacker.checks.keras_import import hidden

ROOT = Path(__file__).parents[2]


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    return done.stdout


def test_keras_is_imported_without_what_it_takes_along_and_that_is_there_afterwards():
    code = (
        "import sys\n"
        "from stacker.checks.keras_import import import_keras\n"
        "import_keras()\n"
        "print('keras' in sys.modules, [name for name in ('matplotlib', 'sklearn') if name in sys.modules])\n"
        "import sklearn.metrics, matplotlib.pyplot, keras\n"
        "print(sklearn.metrics.log_loss([0, 1], [0.5, 0.5]) > 0.69, keras.layers.Dense(2).units)\n"
    )

    assert run(code) == "True []\nTrue 2\n"


def test_what_is_hidden_cannot_be_imported_and_what_was_imported_before_can(monkeypatch):
    monkeypatch.delitem(sys.modules, "this", raising=False)
    json = sys.modules["json"]

    with hidden(("this", "json")):
        with pytest.raises(ImportError):
            import this  # noqa: F401
        import json as still

    assert still is json is sys.modules["json"]
    assert "this" not in sys.modules


def test_what_is_hidden_comes_back_after_an_error(monkeypatch):
    monkeypatch.delitem(sys.modules, "this", raising=False)

    with pytest.raises(KeyError), hidden(("this",)):
        raise KeyError

    assert "this" not in sys.modules
