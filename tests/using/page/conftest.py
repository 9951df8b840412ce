"""The page as users start it: `stacker demo`, in a process of its own."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from page_models import CLASSES, HOSTILE, write_light_model, write_plain_photo

ROOT = Path(__file__).resolve().parents[3]


class Served(NamedTuple):
    """A running page: its address, the folder that it was started in, and the one for its uploads and examples."""

    address: str
    folder: Path
    temporary: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory):
    with serve(tmp_path_factory, CLASSES) as running:
        yield running


@pytest.fixture(scope="session")
def served_hostile(tmp_path_factory: pytest.TempPathFactory):
    """The same with classes of hostile names."""
    with serve(tmp_path_factory, HOSTILE) as running:
        yield running


@contextmanager
def serve(tmp_path_factory: pytest.TempPathFactory, classes: list[str]) -> Iterator[Served]:
    folder, temporary = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("demo_temporary")
    write_light_model(folder / "models" / "ensemble.h5", classes)
    write_plain_photo(folder / "examples" / classes[1] / "a.png", 230)
    write_plain_photo(folder / "examples" / classes[1] / "wrong.png", 60)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)}
    command = [sys.executable, "-m", "stacker", "demo", "--port", "0", "--examples", "examples"]
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        line = process.stdout.readline()
        assert line.endswith(" (Ctrl-C ends it)\n"), process.stderr.read()
        yield Served(re.match(r"http://127\.0\.0\.1:\d+", line)[0], folder, temporary)
        process.send_signal(signal.SIGINT)
        errors = process.communicate(timeout=20)[1]
    assert process.returncode == 0, errors
    assert list(temporary.iterdir()) == []  # uploads are gone
