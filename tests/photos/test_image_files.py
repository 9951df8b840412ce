"""Bytes to pixels: what is transparent, deeper than 8 bits, or turned."""

from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from stacker.photos.image_files import (
    Header,
    choose_reduction,
    compute_bit_depth,
    decode_colour,
    decode_deep,
    read_header,
)

BACKGROUND = (255, 0, 100)  # RGB, no two alike
SEEN, HIDDEN = (10, 20, 30), (200, 100, 50)


def decode(content: bytes, bit_depth: int = 16) -> np.ndarray:
    """RGB."""
    header = read_header(content)
    return decode_colour(np.frombuffer(content, np.uint8), header, 1, BACKGROUND, bit_depth)[..., ::-1]


def save(image: Image.Image, kind: str, **options) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def make_layers() -> Image.Image:
    """Three pixels: seen, half seen, hidden."""
    return Image.fromarray(np.array([[(*SEEN, 255), (*SEEN, 128), (*HIDDEN, 0)]], np.uint8))


LOSSLESS = {"PNG": {}, "WEBP": {"lossless": True, "exact": True}, "TIFF": {}}
# (10 * 128 + 255 * 127) / 255 = 132.0, (20 * 128 + 0) / 255 = 10.04, (30 * 128 + 100 * 127) / 255 = 64.9
MIXED = [[10, 20, 30], [132, 10, 65], [255, 0, 100]]


@pytest.mark.parametrize("kind", LOSSLESS)
def test_what_is_transparent_shows_the_background(kind):
    assert decode(save(make_layers(), kind, **LOSSLESS[kind])).tolist() == [MIXED]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_grey_with_alpha_shows_the_background(kind):
    grey = Image.fromarray(np.array([[(50, 255), (50, 51), (200, 0)]], np.uint8), "LA")

    # 51 is a fifth: (50 + 4 * 255) / 5 = 214, 10, (50 + 4 * 100) / 5 = 90
    assert decode(save(grey, kind)).tolist() == [[[50, 50, 50], [214, 10, 90], [255, 0, 100]]]


def test_a_transparent_colour_of_a_palette_shows_the_background():
    palette = Image.new("P", (3, 1))
    palette.putpalette([*SEEN, *HIDDEN])
    palette.putdata([0, 1, 0])

    assert decode(save(palette, "PNG", transparency=1)).tolist() == [[[*SEEN], [255, 0, 100], [*SEEN]]]
    assert decode(save(palette, "PNG")).tolist() == [[[*SEEN], [*HIDDEN], [*SEEN]]]


def test_a_transparent_grey_shows_the_background():
    grey = Image.fromarray(np.array([[7, 9]], np.uint8))

    assert decode(save(grey, "PNG", transparency=9)).tolist() == [[[7, 7, 7], [255, 0, 100]]]


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_a_turned_image_is_upright(kind, mode):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by a quarter, clockwise: the left end comes to the top
    content = save(make_layers().convert(mode), kind, exif=exif, **LOSSLESS[kind])

    expected = MIXED if mode == "RGBA" else [[*SEEN], [*SEEN], [*HIDDEN]]
    assert decode(content).tolist() == [[pixel] for pixel in expected]


def test_a_turned_jpeg_is_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    image = Image.fromarray(np.repeat(np.array([[0, 255]], np.uint8), 16, axis=1).repeat(16, axis=0))

    content = save(image, "JPEG", exif=exif)
    received = decode(content)

    assert (read_header(content).is_turned, read_header(save(image, "JPEG")).is_turned) == (True, False)
    assert received.shape == (32, 16, 3)
    np.testing.assert_allclose(received[[8, 24], 8, 0], [0, 255], atol=3)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_16_bits_are_scaled_by_the_bits_that_they_fill(suffix):
    blue, green, red = np.uint16([[0, 4095]]), np.uint16([[1000, 300]]), np.uint16([[2048, 8]])
    content = cv2.imencode(suffix, np.stack([blue, green, red], axis=-1))[1].tobytes()

    assert read_header(content).is_deep
    # 2048 / 4095 * 255 = 127.53, 1000 -> 62.27, 8 -> 0.498, 300 -> 18.68
    assert decode(content, bit_depth=12).tolist() == [[[128, 62, 0], [0, 19, 255]]]
    # 4095 / 65535 * 255 = 15.93, 2048 -> 7.97, 1000 -> 3.89, 300 -> 1.17
    assert decode(content, bit_depth=16).tolist() == [[[8, 4, 0], [0, 1, 16]]]


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
def test_grey_of_16_bits_becomes_rgb(suffix):
    content = cv2.imencode(suffix, np.uint16([[0, 512, 1023]]))[1].tobytes()

    assert decode_deep(np.frombuffer(content, np.uint8)).shape == (1, 3, 3)
    assert decode(content, bit_depth=10).tolist() == [[[0] * 3, [128] * 3, [255] * 3]]


def test_16_bits_with_alpha_show_the_background():
    layers = np.uint16([[(100, 200, 4095, 65535), (4095, 4095, 4095, 0)]])  # BGR and alpha
    content = cv2.imencode(".png", layers)[1].tobytes()

    assert decode(content, bit_depth=12).tolist() == [[[255, 12, 6], [255, 0, 100]]]


@pytest.mark.parametrize(
    ("largest", "bits"), [(0, 8), (255, 8), (256, 9), (1023, 10), (1024, 11), (4095, 12), (4096, 13), (65535, 16)]
)
def test_the_bit_depth_is_the_smallest_that_holds_the_value(largest, bits):
    assert compute_bit_depth(largest) == bits


@pytest.mark.parametrize("mode", ["L", "RGB", "P", "1"])
@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_plain_images_are_neither_transparent_nor_deep(mode, kind):
    header = read_header(save(Image.new(mode, (5, 3)), kind))

    assert header == Header(5, 3, is_jpeg=False)


@pytest.mark.parametrize(
    ("width", "height", "source", "turned", "factor"),
    [
        (199, 300, 199, False, 1),
        (200, 300, 200, False, 2),
        (399, 900, 399, False, 2),
        (400, 900, 400, False, 4),
        (2000, 3000, 2000, False, 8),
        (100, 800, 800, False, 8),  # padded: the long side is what fits the square
        (10, 10, 10, False, 1),
        (401, 900, 401, True, 1),
        (402, 900, 402, True, 2),  # a turned image is reduced by what goes into both of its sides
        (404, 902, 404, True, 2),
    ],
)
def test_a_reduction_leaves_as_many_pixels_as_are_wanted(width, height, source, turned, factor):
    assert choose_reduction(Header(width, height, is_turned=turned), source, 100) == factor
