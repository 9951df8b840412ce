import numpy as np
import pytest
from helpers import write_arrays

from stacker.artifacts.arrays import load_classes, load_fingerprint, load_groups, load_images, load_labels
from stacker.artifacts.errors import PipelineError


def test_load_images_maps_the_file_read_only(workspace):
    write_arrays({"train": 4})

    images = load_images("train")

    assert isinstance(images, np.memmap)
    assert (images.shape, images.dtype) == ((4, 32, 32, 3), np.uint8)
    assert not images.flags.writeable


def test_load_labels_groups_and_classes(workspace):
    write_arrays({"test": 5}, classes=3)

    assert load_labels("test").tolist() == [0, 1, 2, 0, 1]
    assert load_groups("test").tolist() == [0, 1, 2, 3, 4]
    assert load_classes() == ["class_0", "class_1", "class_2"]


@pytest.mark.parametrize(
    "load",
    [
        lambda: load_images("train"),
        lambda: load_labels("train"),
        lambda: load_groups("train"),
        lambda: load_fingerprint("train"),
        load_classes,
    ],
)
def test_loading_says_which_stage_to_run_when_there_are_no_arrays(workspace, load):
    with pytest.raises(PipelineError, match=r"data/arrays/.* is missing: run `dvc repro prepare`"):
        load()


def test_load_fingerprint_reads_16_hexadecimal_digits(workspace):
    write_arrays({"test": 2})

    assert load_fingerprint("test") == "0000000000000004"


@pytest.mark.parametrize("content", [b"", b"0000000000000004 5", b"ZZZZZZZZZZZZZZZZ", b"\xff" * 16])
def test_load_fingerprint_says_that_a_file_is_damaged(workspace, content):
    write_arrays({"test": 2})
    (workspace / "data/arrays/test/fingerprint.txt").write_bytes(content)

    with pytest.raises(PipelineError, match=r"data/arrays/test/fingerprint\.txt is damaged .*dvc repro prepare"):
        load_fingerprint("test")
