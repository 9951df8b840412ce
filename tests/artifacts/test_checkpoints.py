import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from stacker.artifacts.checkpoints import Checkpoint, Checkpoints, remove_checkpoints_of_others

ARRAYS = {"model/0": np.arange(6, dtype=np.float32).reshape(2, 3), "rows": np.array([3, 1])}
FACTS = {"epochs": [[1, "head", 0.1]], "generator": {"state": 2**100}, "rate": None}
FILE = Path(".checkpoints/pet/0123/final/head.npz")


@pytest.fixture
def checkpoints(workspace) -> Checkpoints:
    checkpoints = Checkpoints("pet", "0123")
    checkpoints.write("final/head", Checkpoint(ARRAYS, FACTS), "pet: training the head, 3 epochs")
    return checkpoints


def test_what_is_written_is_read_again(checkpoints):
    received = Checkpoints("pet", "0123").read("final/head")

    assert received.facts == FACTS
    assert received.arrays.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(received.arrays[name], values)
        assert received.arrays[name].dtype == values.dtype
    assert checkpoints.explain_stop() == (
        "pet: training the head, 3 epochs, and all before it is kept in .checkpoints/pet/0123: `dvc repro` goes on "
        "from there"
    )


@pytest.mark.parametrize(("label", "digits", "name"), [("cat", "0123", "final/head"), ("pet", "4567", "final/head")])
def test_another_training_finds_nothing(label, digits, name, checkpoints, capsys):
    other = Checkpoints(label, digits)

    assert other.read(name) is None
    assert capsys.readouterr().out == ""
    assert other.explain_stop() == f"{label}: no epoch was kept yet; `dvc repro` begins this training anew"


def spoil(content: bytes) -> dict[str, bytes]:
    flipped = bytearray(content)
    flipped[content.index(ARRAYS["model/0"].tobytes()) + 5] ^= 1
    return {"flipped": bytes(flipped), "cut": content[:-40], "empty": b"", "text": b"no archive", "array": b"\x93NUMPY"}


@pytest.mark.parametrize("how", ["flipped", "cut", "empty", "text", "array"])
def test_a_damaged_file_is_reported_and_removed(how, checkpoints, capsys):
    FILE.write_bytes(spoil(FILE.read_bytes())[how])

    assert checkpoints.read("final/head") is None

    output = capsys.readouterr().out
    assert output.startswith(f"pet: {FILE} is damaged (")
    assert output.endswith(") and was removed: what it held is done again\n")
    assert not FILE.exists()


def test_a_later_one_takes_the_place_of_an_earlier_one(checkpoints):
    checkpoints.write(
        "final/head",
        Checkpoint(
            {"rows": np.array([7])},
            {"epochs": []},
        ),
        "later",
    )

    received = checkpoints.read("final/head")
    assert received.arrays["rows"].tolist() == [7]
    assert "model/0" not in received.arrays
    assert checkpoints.kept == "later"


def test_what_a_killed_run_was_writing_goes(checkpoints):
    partial = FILE.parent / ".partial-head-abc/head.npz"
    partial.parent.mkdir()
    partial.write_bytes(b"half")

    Checkpoints("pet", "0123")

    assert [path.name for path in FILE.parent.iterdir()] == ["head.npz"]


def test_a_full_disk_is_told_once_and_the_last_checkpoint_stays(checkpoints, monkeypatch, capsys):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", fail)
        patch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5000))
        for _ in range(2):
            checkpoints.write("final/head", Checkpoint(ARRAYS, {}), "later")

    assert capsys.readouterr().out == (
        "pet: .checkpoints/pet/0123/final/head.npz cannot be written (No space left on device): it needs 40 bytes, and "
        "the disk has 5 kB free: training goes on without this checkpoint\n"
    )
    assert checkpoints.kept == "pet: training the head, 3 epochs"
    assert checkpoints.read("final/head").facts == FACTS
    assert [path.name for path in FILE.parent.iterdir()] == ["head.npz"]


def test_remove_takes_all_of_one_fit_and_clear_all_of_the_member(checkpoints):
    for name in ("final/fine_tune", "fold_1/head", "fold_1"):
        checkpoints.write(name, Checkpoint({}, {}), name)
    Checkpoints("pet", "4567").write("final/head", Checkpoint({}, {}), "other settings")
    Checkpoints("cat", "4567").write("final/head", Checkpoint({}, {}), "another member")

    checkpoints.remove("fold_1")
    assert sorted(path.name for path in checkpoints.folder.rglob("*.npz")) == [
        "fine_tune.npz",
        "fold_1.npz",
        "head.npz",
    ]

    checkpoints.clear()
    assert [path.name for path in Path(".checkpoints").iterdir()] == ["cat"]


def test_checkpoints_of_members_that_are_gone_go(checkpoints, capsys):
    Checkpoints("cat", "4567").write("final/head", Checkpoint({}, {}), "another member")

    remove_checkpoints_of_others(["pet"])

    assert [path.name for path in Path(".checkpoints").iterdir()] == ["pet"]
    assert capsys.readouterr().out == "removed .checkpoints/cat: earlier settings left it behind\n"
