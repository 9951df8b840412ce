"""Odd photos, made so that one thing is odd about each."""

import cv2
import numpy as np
import pytest

from stacker.artifacts.progress import open_progress
from stacker.photos.odd_photos import Measures, compute_shapes, find_odd, measure_photos

SIDE = 96


def make_photo(seed: int) -> np.ndarray:
    """Soft noise of all greys, with sharp edges."""
    coarse = np.random.default_rng(seed).integers(20, 236, (8, 8, 3), np.uint8)
    return cv2.resize(coarse, (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)


def measure(photos: list[np.ndarray]) -> Measures:
    with open_progress("looking", len(photos), "photos", is_shown=False) as bar:
        return measure_photos(photos, len(photos), bar)


def find(*odd: np.ndarray, shapes: list[float] | None = None) -> dict[str, list[int]]:
    """Among nine photos and then `odd`, the rows found, by reason."""
    photos = [*(make_photo(seed) for seed in range(9)), *odd]
    found = find_odd(measure(photos), np.array(shapes or [1.0] * len(photos)))
    return {name: one.rows.tolist() for name, one in found.items() if len(one.rows)}


def test_of_usual_photos_none_is_odd():
    assert find() == {}


def test_a_photo_is_dark_by_its_brightest_pixels():
    dark = make_photo(10) // 4

    assert find(dark) == {"dark": [9]}
    dark[:20] = 200  # a fifth of it is lit
    assert find(dark) == {}


def test_a_photo_is_bright_by_its_darkest_pixels():
    bright = np.random.default_rng(0).integers(243, 256, (SIDE, SIDE, 1), np.uint8).repeat(3, axis=2)

    assert find(bright) == {"bright": [9]}
    bright[:20] = 90
    assert find(bright) == {}


def test_a_photo_of_one_grey_is_blank_and_not_blurred():
    assert find(np.full((SIDE, SIDE, 3), 128, np.uint8)) == {"blank": [9]}


def test_a_blurred_photo_is_found_and_a_pale_one_is_not():
    photo = make_photo(10)
    blurred, pale = cv2.GaussianBlur(photo, (0, 0), 6), (120 + photo // 8).astype(np.uint8)

    assert find(pale, blurred) == {"blurred": [10]}


def test_the_shape_is_that_of_the_file():
    shapes = compute_shapes([(300, 300)] * 9 + [(1000, 349), (349, 1000), (1000, 351)])

    assert find(make_photo(10), make_photo(11), make_photo(12), shapes=shapes.tolist()) == {"extreme shape": [9, 10]}


def test_the_oddest_comes_first_with_its_value():
    bright = [np.full((SIDE, SIDE, 3), grey, np.uint8) for grey in (244, 250, 247)]
    dark = [np.full((SIDE, SIDE, 3), grey, np.uint8) for grey in (51, 0, 25)]

    found = find_odd(measure([*(make_photo(seed) for seed in range(9)), *bright, *dark]), np.ones(15))

    assert found["bright"].rows.tolist() == [10, 11, 9]
    assert found["dark"].rows.tolist() == [13, 14, 12]
    assert found["dark"].values == pytest.approx([0, 25 / 255, 51 / 255])


def test_what_most_photos_are_like_is_not_odd():
    dark = [make_photo(seed) // 4 for seed in range(10)]
    shapes = np.ones(10)

    assert not find_odd(measure([*dark[:5], *map(make_photo, range(5))]), shapes)["dark"].is_usual
    assert find_odd(measure([*dark[:6], *map(make_photo, range(4))]), shapes)["dark"].is_usual


def test_entropy_is_of_the_greys_in_bits():
    halves, quarters = np.zeros((2, SIDE, SIDE, 3), np.uint8)
    halves[:48] = 200
    quarters[:] = np.repeat([0, 60, 120, 180], 24)[:, np.newaxis, np.newaxis]

    assert measure([halves, quarters]).entropy == pytest.approx([1, 2])


def test_a_set_of_blank_photos_alone_is_no_trouble():
    found = find_odd(measure([np.zeros((SIDE, SIDE, 3), np.uint8)] * 3), np.ones(3))

    assert (found["blank"].is_usual, found["blurred"].rows.tolist()) == (True, [])
