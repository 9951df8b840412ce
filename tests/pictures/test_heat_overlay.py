"""A heat map over its photo: colour where there is heat, grey where there is none, in the right place."""

import numpy as np

from stacker.pictures.heat_overlay import lay_heat_map


def is_grey(pixels: np.ndarray) -> bool:
    return bool((pixels == pixels[..., :1]).all())


def test_heat_lies_where_its_place_is_and_the_rest_turns_grey():
    photo = np.full((40, 60, 3), (200, 30, 90), np.uint8)
    heat = np.zeros((4, 6), np.float32)
    heat[0, 5] = 1  # the upper right corner

    received = lay_heat_map(photo, heat)

    assert (received.shape, received.dtype) == (photo.shape, np.uint8)
    red, green, blue = (int(value) for value in received[4, 55])
    assert min(red, green) > 200 > blue + 40  # yellow
    assert is_grey(received[25:])
    assert is_grey(received[:, :30])
    assert received[30, 30, 0] == round(0.299 * 200 + 0.587 * 30 + 0.114 * 90)


def test_more_heat_is_lighter_over_a_dark_photo():
    heat = np.linspace(0, 1, 8, dtype=np.float32).reshape(1, 8)

    received = lay_heat_map(np.zeros((8, 8, 3), np.uint8), heat).sum(axis=2)[0]

    assert (np.diff(received.astype(int)) > 0).all()


def test_a_map_without_heat_leaves_the_photo_grey():
    photo = np.random.default_rng(0).integers(0, 256, (16, 16, 3), np.uint8)

    received = lay_heat_map(photo, np.zeros((2, 2), np.float32))

    assert is_grey(received)
    np.testing.assert_allclose(received[..., 0], photo @ [0.299, 0.587, 0.114], atol=0.51)
