import cv2
import numpy as np
import pytest
from archive_files import CONTENT, list_files, write_zip
from helpers import write_edited
from sklearn.datasets import load_digits

from stacker.artifacts.errors import PipelineError


@pytest.mark.parametrize(
    ("classes", "counts"),
    [
        ("parity", {"even": 891, "odd": 906}),
        ("digit", {f"digit_{k}": n for k, n in enumerate([178, 182, 177, 183, 181, 182, 181, 179, 174, 180])}),
    ],
)
def test_fetch_writes_all_1797_digits_in_their_class_folders(workspace, run_stage, classes, counts):
    write_edited({"fetch": {"digits": {"kind": "digits", "classes": classes}}})

    run_stage("fetch", "digits")

    folders = {path.name: len(list(path.glob("*.png"))) for path in (workspace / "data/raw/digits").iterdir()}
    assert folders == counts
    assert sum(folders.values()) == 1797


def test_fetch_writes_the_digits_own_pixels(workspace, run_stage):
    write_edited({"fetch": {"digits": {"kind": "digits"}}})

    run_stage("fetch", "digits")

    digits = load_digits()
    name = ("even", "odd")[digits.target[5] % 2]
    received = cv2.imread(str(workspace / f"data/raw/digits/{name}/0005.png"), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(received, (digits.images[5] * 255 / 16).astype(np.uint8))


def test_fetch_unpacks_an_archive(workspace, run_stage, capsys):
    archive = write_zip(workspace / "photos.zip", CONTENT)
    write_edited({"fetch": {"pets": {"kind": "archive", "url": f"file://{archive}"}}})

    run_stage("fetch", "pets")

    assert list_files(workspace / "data/raw/pets") == {"cat/1.txt": b"first", "dog/2.txt": b"second"}
    assert "2 files" in capsys.readouterr().out


def test_fetch_leaves_the_previous_dataset_alone_when_it_fails(workspace, run_stage):
    archive = write_zip(workspace / "photos.zip", {"good/1.txt": b"x", "../bad.txt": b"y"})
    write_edited({"fetch": {"pets": {"kind": "archive", "url": f"file://{archive}"}}})
    previous = workspace / "data/raw/pets/cat/old.txt"
    previous.parent.mkdir(parents=True)
    previous.touch()

    with pytest.raises(PipelineError, match="refused"):
        run_stage("fetch", "pets")

    assert list_files(workspace / "data/raw") == {"pets/cat/old.txt": b""}
    assert [path.name for path in (workspace / "data/raw").iterdir()] == ["pets"]


def test_fetch_lists_the_datasets_when_there_is_none_of_that_name(workspace, run_stage):
    write_edited({"fetch": {"digits": {"kind": "digits"}}})

    with pytest.raises(PipelineError, match="fetch has no 'cats': choose from digits"):
        run_stage("fetch", "cats")
