from pathlib import Path

import numpy as np
import pytest

from stacker.artifacts.arrays import load_classes, load_images, load_labels
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.features import load_features
from stacker.artifacts.numpy_files import load_array, load_arrays
from stacker.artifacts.predictions import load_ensemble_predictions, load_predictions
from stacker.ensembles.leave_one_out import load_leave_one_out

NUMBERS = np.arange(1000, dtype=np.float32)


@pytest.fixture
def single(tmp_path: Path) -> Path:
    np.save(tmp_path / "one.npy", NUMBERS)
    return tmp_path / "one.npy"


@pytest.fixture
def several(tmp_path: Path) -> Path:
    np.savez(tmp_path / "some.npz", first=NUMBERS, second=NUMBERS[::-1])
    return tmp_path / "some.npz"


def test_arrays_come_back(single, several):
    np.testing.assert_array_equal(load_array(single, "make it"), NUMBERS)
    loaded = load_arrays(several, "make it")
    assert list(loaded) == ["first", "second"]
    np.testing.assert_array_equal(loaded["second"], NUMBERS[::-1])


def test_an_array_is_mapped_read_only_where_asked(single):
    assert isinstance(load_array(single, "make it", mmap_mode="r"), np.memmap)
    assert not isinstance(load_array(single, "make it"), np.memmap)


def test_a_missing_file_is_named_with_its_command(tmp_path):
    with pytest.raises(PipelineError, match=r"one\.npy is missing: run `make it`, or `dvc checkout` to bring it back"):
        load_array(tmp_path / "one.npy", "make it")
    with pytest.raises(PipelineError, match=r"some\.npz is missing: run `make it`, or `dvc checkout`"):
        load_arrays(tmp_path / "some.npz", "make it")


CONTENTS = {
    "empty": lambda whole: b"",
    "a header cut short": lambda whole: whole[:20],
    "cut in the middle": lambda whole: whole[: len(whole) // 2],
    "a byte too few": lambda whole: whole[:-1],
    "text": lambda whole: b"<html>not found</html>" * 10,
}


@pytest.mark.parametrize("mmap_mode", [None, "r"])
@pytest.mark.parametrize("content", CONTENTS)
def test_a_damaged_array_is_named_with_its_command(single, content, mmap_mode):
    single.write_bytes(CONTENTS[content](single.read_bytes()))

    with pytest.raises(PipelineError, match=r"one\.npy is damaged \(.+\): delete it, then run `make it`, or `dvc che"):
        load_array(single, "make it", mmap_mode)


@pytest.mark.parametrize("content", CONTENTS)
def test_damaged_arrays_are_named_with_their_command(several, content):
    several.write_bytes(CONTENTS[content](several.read_bytes()))

    with pytest.raises(PipelineError, match=r"some\.npz is damaged \(.+\): delete it, then run `make it`, or `dvc ch"):
        load_arrays(several, "make it")


def test_a_file_of_the_other_format_is_named(single, several):
    with pytest.raises(PipelineError, match=r"some\.npz is damaged \(it is an archive of arrays\)"):
        load_array(several, "make it")
    with pytest.raises(PipelineError, match=r"one\.npy is damaged \(it is a single array\)"):
        load_arrays(single, "make it")


def test_arrays_with_a_wrong_byte_are_named(several):
    content = bytearray(several.read_bytes())
    content[content.index(b"NUMPY") + 200] ^= 255
    several.write_bytes(content)

    with pytest.raises(PipelineError, match=r"some\.npz is damaged \(.*CRC"):
        load_arrays(several, "make it")


LOADERS = {
    "data/arrays/train/images.npy": (lambda: load_images("train"), "dvc repro prepare"),
    "data/arrays/train/labels.npy": (lambda: load_labels("train"), "dvc repro prepare"),
    "data/arrays/classes.json": (load_classes, "dvc repro prepare"),
    "data/features/first/test.npy": (lambda: load_features("first", "test"), "dvc repro embed@first"),
    "data/predictions/members/first.npz": (lambda: load_predictions("first"), "dvc repro train@first"),
    "data/predictions/ensembles/boss.npz": (lambda: load_ensemble_predictions("boss"), "dvc repro stack@boss"),
    "data/predictions/leave_one_out/boss.npz": (lambda: load_leave_one_out("boss", ["a"]), "dvc repro stack@boss"),
}


@pytest.mark.parametrize("state", ["missing", "empty"])
@pytest.mark.parametrize("path", LOADERS)
def test_every_artifact_is_named_with_the_command_that_writes_it(workspace, path, state):
    load, command = LOADERS[path]
    if state == "empty":
        Path(path).parent.mkdir(parents=True)
        Path(path).touch()

    with pytest.raises(PipelineError) as caught:
        load()

    assert str(caught.value).startswith(f"{path} is {'missing' if state == 'missing' else 'damaged'}")
    assert f"run `{command}`" in str(caught.value)
