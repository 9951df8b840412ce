import cv2
import numpy as np
import pytest

from stacker.photos.resizing import INTERPOLATIONS, fit_image, resize

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)


def fit(image: np.ndarray, side: int, how: str, interpolation: str = "auto") -> np.ndarray:
    return fit_image(image, image.shape[:2], side, how, interpolation)


def striped(height: int, width: int) -> np.ndarray:
    """Left third 10, middle 100, right third 200."""
    image = np.full((height, width, 3), 100, np.uint8)
    image[:, : width // 3], image[:, -(width // 3) :] = 10, 200
    return image


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_shrinking_averages_whatever_the_interpolation(interpolation):
    expected = cv2.resize(NOISE, (25, 30), interpolation=cv2.INTER_AREA)

    np.testing.assert_array_equal(resize(NOISE, (40, 60), 30, 25, interpolation), expected)


@pytest.mark.parametrize(
    ("interpolation", "flag"), [("auto", cv2.INTER_CUBIC), ("cubic", cv2.INTER_CUBIC), ("linear", cv2.INTER_LINEAR)]
)
def test_growing_interpolates(interpolation, flag):
    expected = cv2.resize(NOISE, (90, 70), interpolation=flag)

    np.testing.assert_array_equal(resize(NOISE, (40, 60), 70, 90, interpolation), expected)


def test_an_axis_that_shrinks_is_averaged_while_the_other_one_grows():
    stripes = np.zeros((2, 8, 3), np.uint8)
    stripes[:, ::4] = 200  # one column in four
    stripes[1] += 40

    received = resize(stripes, (2, 8), 4, 2, "linear")

    assert received[:, 0, 0].tolist() == received[:, 1, 0].tolist() == [50, 60, 80, 90]


def test_the_size_that_is_there_already_is_left_alone():
    np.testing.assert_array_equal(resize(NOISE, (40, 60), 40, 60, "auto"), NOISE)


def test_pixels_beyond_the_extent_do_not_count():
    columns = np.array([[10, 20, 30, 99]], np.uint8)[..., np.newaxis].repeat(3, axis=2).repeat(2, axis=0)

    # An extent of 3.5 pixels on 2: the first takes 10 and 3/4 of 20, the second the rest and half of the last one.
    received = resize(columns, (2.0, 3.0), 2, 1, "auto")
    halves = resize(columns, (2.0, 3.5), 2, 1, "auto")

    assert received[:, 0, 0].tolist() == [20, 20]
    assert halves[:, 0, 0].tolist() == [31, 31]  # (10 + 20 + 30 + 99 / 2) / 3.5 = 31.3


def test_stretch_squeezes_all_of_the_image_into_the_square():
    received = fit(striped(30, 90), 30, "stretch")

    assert received.shape == (30, 30, 3)
    assert received[15, [2, 15, 27], 0].tolist() == [10, 100, 200]


def test_crop_takes_the_centre():
    assert np.unique(fit(striped(30, 90), 30, "crop")).tolist() == [100]
    assert np.unique(fit(striped(30, 90).swapaxes(0, 1), 30, "crop")).tolist() == [100]


def test_a_crop_begins_where_the_grid_allows():
    ramp = np.arange(90, dtype=np.uint8)[np.newaxis, :, np.newaxis].repeat(40, axis=0).repeat(3, axis=2)

    assert fit_image(ramp, (40, 90), 40, "crop", "auto", grid=1)[0, 0, 0] == 25
    assert fit_image(ramp, (40, 90), 40, "crop", "auto", grid=8)[0, 0, 0] == 24


def test_pad_puts_black_around_the_whole_image():
    received = fit(striped(30, 90), 30, "pad")

    assert received.shape == (30, 30, 3)
    assert received[:10].max() == 0
    assert received[20:].max() == 0
    assert received[15, [2, 15, 27], 0].tolist() == [10, 100, 200]


@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (1, 1), (7, 5), (32, 32), (31, 33)])
@pytest.mark.parametrize("how", ["stretch", "crop", "pad"])
def test_whatever_the_shape_the_result_is_a_square(shape, how):
    assert fit(np.zeros((*shape, 3), np.uint8), 32, how).shape == (32, 32, 3)
