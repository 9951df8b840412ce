"""Golden photos: drawn, and hard in five ways."""

import cv2
import numpy as np
import pytest
from PIL import Image

from stacker.photos.image_files import choose_reduction, compute_bit_depth, read_header
from stacker.using.exporting.golden_photos import copy_golden, draw_golden

SIDES = [32, 75, 224, 299]


@pytest.mark.parametrize("side", SIDES)
def test_each_photo_is_hard_in_another_way(side, tmp_path):
    names = draw_golden(tmp_path, side, None)

    headers = {name: read_header((tmp_path / name).read_bytes()) for name in names}
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)
    assert headers["wide.jpg"].height < side < headers["wide.jpg"].width
    large = headers["large.jpg"]
    assert choose_reduction(large, min(large.width, large.height), 1.5 * side) == 2
    assert large.width % 2 == 1  # the last pixel reaches over the edge
    assert large.height % 2 == 1
    assert headers["turned.jpg"].is_turned
    assert headers["transparent.png"].is_transparent
    assert max(headers["transparent.png"].width, headers["transparent.png"].height) < side
    assert headers["deep.png"].is_deep


@pytest.mark.parametrize(("bit_depth", "expected"), [(None, 12), (16, 16), (10, 10)])
def test_a_deep_photo_fills_the_bits_that_the_model_knows(bit_depth, expected, tmp_path):
    draw_golden(tmp_path, 40, bit_depth)

    deep = cv2.imread(str(tmp_path / "deep.png"), cv2.IMREAD_UNCHANGED)
    assert deep.dtype == np.uint16
    assert compute_bit_depth(int(deep.max())) == expected


def test_they_are_the_same_each_time_and_no_two_alike(tmp_path):
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        draw_golden(tmp_path / name, 64, None)

    first, second = (
        {path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("once", "again")
    )
    assert first == second
    means = [
        np.asarray(Image.open(tmp_path / "once" / name).convert("RGB")).mean(axis=(0, 1))
        for name in first
        if "deep" not in name
    ]
    assert len({tuple(mean.round()) for mean in means}) == 4


def test_copies_of_photos_of_one_name_stay_apart(tmp_path):
    for folder in ("a", "b", "golden"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "photo.jpg").write_text(folder)
    (tmp_path / "golden" / "photo.jpg").unlink()

    names = copy_golden(tmp_path / "golden", [tmp_path / "b" / "photo.jpg", tmp_path / "a" / "photo.jpg"])

    assert names == ["1_photo.jpg", "2_photo.jpg"]
    assert [(tmp_path / "golden" / name).read_text() for name in names] == ["b", "a"]
