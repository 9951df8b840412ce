"""Why a photo cannot be read, in words, and all of them in one error."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from stacker.artifacts.errors import PipelineError
from stacker.photos.image_files import read_header
from stacker.photos.unreadable import UNREADABLE, Unreadable, explain_unreadable, refuse_unreadable


def explain(work) -> str:
    with pytest.raises(UNREADABLE) as caught:
        work()
    return explain_unreadable(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"<html>not found</html>", "it is no image that can be read"),
        (b"\xff\xd8\xff\xe0 cut off", "Truncated File Read"),
    ],
)
def test_broken_bytes_are_explained_in_words(content, reason):
    assert explain(lambda: read_header(content)) == reason


def test_what_is_no_file_is_told(tmp_path):
    assert explain((tmp_path / "gone.jpg").read_bytes) == "no such file"
    assert explain(tmp_path.read_bytes) == "it is a folder"
    assert explain_unreadable(PermissionError(13, "Permission denied")) == "permission to read it is denied"


def test_opencv_is_quoted_without_the_place_in_its_source():
    reason = explain(lambda: cv2.resize(np.zeros((0, 3, 3), np.uint8), (4, 4)))

    assert reason == "OpenCV cannot decode it: !ssize.empty()"


def test_too_many_pixels_are_told(tmp_path, monkeypatch):
    Image.new("1", (100, 30)).save(tmp_path / "large.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1400)  # twice as many are an error

    assert "3000 pixels" in explain(lambda: read_header((tmp_path / "large.png").read_bytes()))


def test_all_are_named_in_order_and_none_is_fine():
    refuse_unreadable({}, "mend them")
    found = {Path(f"photos/{number:02d}.jpg"): Unreadable(f"reason {number}") for number in (3, 1, 2)}

    with pytest.raises(PipelineError) as caught:
        refuse_unreadable(found, "mend them")

    assert str(caught.value).splitlines() == [
        "3 image(s) cannot be read; mend them:",
        *(f"  photos/0{number}.jpg: reason {number}" for number in (1, 2, 3)),
    ]
