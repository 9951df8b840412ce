import numpy as np
import pytest
from helpers import write_image
from page_models import write_header_only
from PIL import Image

from stacker.using.page import uploads
from stacker.using.page.uploads import find_problem


@pytest.mark.parametrize("suffix", [".bmp", ".jpg", ".png", ".tif", ".webp"])
def test_takes_every_kind_that_prepare_takes(tmp_path, suffix):
    write_image(tmp_path / f"photo{suffix}", np.zeros((8, 9, 3), np.uint8))

    assert find_problem(tmp_path / f"photo{suffix}") is None


def test_the_content_counts_and_not_the_name(tmp_path):
    write_image(tmp_path / "photo.png", np.zeros((8, 9, 3), np.uint8))
    (tmp_path / "photo.png").rename(tmp_path / "photo.txt")
    (tmp_path / "text.jpg").write_text("no image at all")

    assert find_problem(tmp_path / "photo.txt") is None
    assert find_problem(tmp_path / "text.jpg") == (
        "this is no image of a kind that is taken (AVIF, BMP, GIF, JPEG, PNG, TIFF or WEBP)"
    )


@pytest.mark.parametrize("kind", ["AVIF", "GIF"])
def test_kinds_that_prepare_takes_are_taken_unless_they_are_damaged(tmp_path, kind):
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg", kind)
    content = (tmp_path / "photo.jpg").read_bytes()
    (tmp_path / "damaged.jpg").write_bytes(content[:8] + bytes(len(content) - 8) if kind == "GIF" else content[:200])

    assert find_problem(tmp_path / "photo.jpg") is None
    assert find_problem(tmp_path / "damaged.jpg") is not None


@pytest.mark.parametrize("kind", ["JPEG2000", "PPM", "EPS"])
def test_other_kinds_are_refused_whatever_they_are_called(tmp_path, kind):
    Image.new("RGB", (8, 8)).save(tmp_path / "photo.jpg", kind)

    assert "no image of a kind" in find_problem(tmp_path / "photo.jpg")


def test_a_large_file_is_refused_unread(tmp_path, monkeypatch):
    write_image(tmp_path / "photo.bmp", np.zeros((8, 9, 3), np.uint8))
    size = (tmp_path / "photo.bmp").stat().st_size

    monkeypatch.setattr(uploads, "MOST_BYTES", size)
    assert find_problem(tmp_path / "photo.bmp") is None
    monkeypatch.setattr(uploads, "MOST_BYTES", size - 1)
    assert "it has 0.0 MB; at most 0 MB" in find_problem(tmp_path / "photo.bmp")


def test_says_how_large_a_file_is(tmp_path):
    with (tmp_path / "photo.jpg").open("wb") as stream:
        stream.truncate(21_340_000)  # 20.35 MB, as Gradio counts

    assert find_problem(tmp_path / "photo.jpg") == "it has 20.4 MB; at most 20 MB are taken"


def test_fifty_megapixels_are_taken_and_one_column_more_is_not(tmp_path):
    """The files have a header alone: nothing is decoded."""
    write_header_only(tmp_path / "fits.png", 10_000, 5_000)
    write_header_only(tmp_path / "large.png", 10_001, 5_000)

    assert find_problem(tmp_path / "fits.png") is None
    assert find_problem(tmp_path / "large.png") == (
        "it has 50.0 megapixels (10,001 x 5,000); at most 50 megapixels are taken"
    )


@pytest.mark.parametrize("width", [10_000, 60_000])
def test_bombs_that_pillow_itself_refuses_get_the_same_answer(tmp_path, width):
    """100 megapixels are a warning to Pillow, which is an error here; 600 an error."""
    write_header_only(tmp_path / "bomb.png", width, 10_000)

    assert find_problem(tmp_path / "bomb.png") == "it has far too many pixels; at most 50 megapixels are taken"
