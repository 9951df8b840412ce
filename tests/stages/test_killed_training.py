"""The stage `train` as a process of its own, killed in the middle: the next run goes on, to the same bytes."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from helpers import write_arrays, write_edited

from stacker.artifacts.outputs import PARTIAL

ROOT = Path(__file__).parents[2]
OUTPUTS = [Path("models/members/pet.h5"), Path("data/predictions/members/pet.npz"), Path("plots/curves/pet.csv")]
CHECKPOINTS = Path(".checkpoints/pet")
SETTINGS = {
    "members": {"pet": {"backbone": "VGG16"}},
    "meta_models": {},
    "backbone.trainable": True,
    "training.augmentation": {"horizontal_flip": True, "rotation_degrees": 10},
    "training.epochs": 6,
    "training.patience": 4,
    "training.schedule": "cosine",
    "training.learning_rate": 0.0003,
}


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    """A folder in which nothing has disturbed the training; it began with what is in `data/arrays` and `data/code`."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with contextlib.chdir(folder):
        write_arrays({"train": 16, "validation": 8, "test": 8})
        write_edited(SETTINGS)
        Path("data/code").mkdir()
        Path("data/code/train.txt").write_text("module stages.train 0123\n", encoding="ascii")
        process = start()
        output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    return folder


@pytest.fixture
def project(undisturbed, workspace) -> Path:
    """A folder where that training has not yet begun."""
    for folder in ("arrays", "code"):
        shutil.copytree(undisturbed / "data" / folder, f"data/{folder}")
    shutil.copy(undisturbed / "params.yaml", "params.yaml")
    return workspace


def start() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "stages.train", "pet"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    return subprocess.Popen(
        command,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job's shell ignores it
    )


def stop_when(is_time: Callable[[], bool], how: signal.Signals) -> tuple[int, str]:
    """Start the stage, send a signal to it and its children when it is time, and tell how it ended and what it said."""
    process = start()
    deadline = time.monotonic() + 240
    while not is_time() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)
    time.sleep(0.2)  # the file is there before the stage has noted that it is
    is_running = process.poll() is None
    if is_running:
        os.killpg(process.pid, how)
    output = process.communicate(timeout=120)[0]
    assert is_running, output
    return process.returncode, output


def is_kept(name: str) -> bool:
    """Is a checkpoint of that name whole, and has the stage done with writing it?"""
    return any(CHECKPOINTS.glob(f"*/{name}")) and not any(CHECKPOINTS.rglob(f"{PARTIAL}*"))


def finish(undisturbed: Path) -> str:
    """Run the stage to its end, compare its outputs with those of the run that nothing disturbed; what it said."""
    process = start()
    output = process.communicate(timeout=300)[0]
    assert process.returncode == 0, output
    assert [str(path) for path in OUTPUTS if path.read_bytes() != (undisturbed / path).read_bytes()] == []
    assert not CHECKPOINTS.exists()
    return output


@pytest.mark.slow
def test_a_training_that_is_killed_goes_on_and_ends_with_the_same_bytes(project, undisturbed):
    assert stop_when(lambda: is_kept("final/all.npz"), signal.SIGKILL)[0] == -signal.SIGKILL
    assert not any(path.exists() for path in OUTPUTS)
    code, output = stop_when(lambda: is_kept("fold_2_of_2/all.npz"), signal.SIGINT)

    assert code == 130
    assert "Traceback" not in output
    assert "pet: training the network, " in output
    last = output.rstrip("\n").rpartition("\n")[2]
    assert re.fullmatch(
        r"stopped: pet: training the network, fold 2 of 2, up to epoch \d, and all before it is kept in "
        r"\.checkpoints/pet/[0-9a-f]{16}: `dvc repro` goes on from there",
        last,
    )
    output = finish(undisturbed)
    assert "pet: training the network, up to epoch 6: taken from .checkpoints/pet/" in output
    assert "pet: fold 1 of 2: as an interrupted run has kept it" in output
    assert "pet: training the network, fold 2 of 2, up to epoch " in output
