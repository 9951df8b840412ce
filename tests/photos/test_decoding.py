from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import write_image

from stacker.artifacts.errors import PipelineError
from stacker.photos.decoding import (
    INTERPOLATIONS,
    choose_reduction,
    compute_difference_hash,
    decode_images,
    fit_image,
    read_fingerprint,
    read_fingerprints,
)


def decode(path: Path, side: int, fit: str = "stretch", interpolation: str = "linear") -> np.ndarray:
    pixels = np.zeros((1, side, side, 3), np.uint8)
    decode_images([path], [read_fingerprint(path, perceptual=False)], pixels, fit, interpolation)
    return pixels[0]


def write_scene(path: Path, height: int, width: int) -> None:
    """Soft noise: something to tell apart in every place, that a JPEG keeps."""
    generator = np.random.default_rng(0)
    coarse = generator.integers(0, 256, (8, 8, 3), np.uint8)
    write_image(path, cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tiff", "webp"])
def test_decode_images_keeps_red_red(tmp_path, suffix):
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 255
    write_image(tmp_path / f"red.{suffix}", red)

    received = decode(tmp_path / f"red.{suffix}", 32).reshape(-1, 3).mean(axis=0)

    np.testing.assert_allclose(received, [255, 0, 0], atol=3)


def test_decode_images_makes_grey_images_rgb(tmp_path):
    write_image(tmp_path / "grey.png", np.full((10, 10), 77, np.uint8))

    assert np.unique(decode(tmp_path / "grey.png", 32)).tolist() == [77]


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
@pytest.mark.parametrize(("height", "width", "side"), [(60, 90, 32), (40, 40, 75), (149, 200, 75)])
def test_decode_images_gives_what_opencv_gives_when_the_target_is_more_than_half(
    tmp_path, suffix, interpolation, height, width, side
):
    path = tmp_path / f"scene.{suffix}"
    write_scene(path, height, width)

    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    expected = cv2.resize(image, (side, side), interpolation=INTERPOLATIONS[interpolation])
    np.testing.assert_array_equal(decode(path, side, interpolation=interpolation), expected)


@pytest.mark.parametrize("interpolation", INTERPOLATIONS)
def test_decode_images_never_reduces_what_is_no_jpeg(tmp_path, interpolation):
    path = tmp_path / "scene.png"
    generator = np.random.default_rng(0)
    write_image(path, generator.integers(0, 256, (400, 400, 3), np.uint8))

    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    expected = cv2.resize(image, (50, 50), interpolation=INTERPOLATIONS[interpolation])
    np.testing.assert_array_equal(decode(path, 50, interpolation=interpolation), expected)


def test_decode_images_reduces_a_large_jpeg_to_about_the_same_pixels(tmp_path):
    path = tmp_path / "scene.jpg"
    write_scene(path, 400, 640)

    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    expected = cv2.resize(image, (50, 50), interpolation=cv2.INTER_AREA)
    received = decode(path, 50, interpolation="area")
    assert np.abs(received.astype(int) - expected).mean() < 2


@pytest.mark.parametrize(
    ("width", "height", "side", "fit", "factor"),
    [
        (199, 300, 100, "stretch", 1),
        (200, 300, 100, "stretch", 2),
        (200, 300, 100, "crop", 2),
        (399, 900, 100, "stretch", 2),
        (400, 900, 100, "stretch", 4),
        (2000, 3000, 100, "stretch", 8),
        (100, 800, 100, "stretch", 1),  # the short side decides: the long one alone would lose pixels
        (100, 800, 100, "pad", 8),  # the long side is what fits the square
        (10, 10, 100, "stretch", 1),
    ],
)
def test_choose_reduction_keeps_the_image_at_least_as_large_as_the_target(width, height, side, fit, factor):
    assert choose_reduction(width, height, side, fit) == factor


def _striped(height: int, width: int) -> np.ndarray:
    """Left third 10, middle 100, right third 200."""
    image = np.full((height, width, 3), 100, np.uint8)
    image[:, : width // 3], image[:, -(width // 3) :] = 10, 200
    return image


def test_fit_image_stretches_all_of_the_image_to_the_square():
    received = fit_image(_striped(30, 90), 30, "stretch", cv2.INTER_AREA)

    assert received.shape == (30, 30, 3)
    assert received[15, [2, 15, 27], 0].tolist() == [10, 100, 200]


def test_fit_image_crops_the_centre():
    received = fit_image(_striped(30, 90), 30, "crop", cv2.INTER_AREA)

    assert received.shape == (30, 30, 3)
    assert np.unique(received).tolist() == [100]


def test_fit_image_pads_with_black_around_the_whole_image():
    received = fit_image(_striped(30, 90), 30, "pad", cv2.INTER_AREA)

    assert received.shape == (30, 30, 3)
    assert received[:10].max() == 0
    assert received[20:].max() == 0
    assert received[15, [2, 15, 27], 0].tolist() == [10, 100, 200]


@pytest.mark.parametrize("shape", [(1, 500), (500, 1), (7, 5), (32, 32)])
@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
def test_fit_image_gives_a_square_whatever_the_shape(shape, fit):
    assert fit_image(np.zeros((*shape, 3), np.uint8), 32, fit, cv2.INTER_LINEAR).shape == (32, 32, 3)


def test_read_fingerprint_tells_size_and_content(tmp_path):
    write_scene(tmp_path / "a.png", 20, 30)
    (tmp_path / "b.png").write_bytes((tmp_path / "a.png").read_bytes())
    write_scene(tmp_path / "c.png", 20, 31)

    a, b, c = (read_fingerprint(tmp_path / f"{name}.png", perceptual=False) for name in "abc")

    assert (a.width, a.height) == (30, 20)
    assert a.content_hash == b.content_hash != c.content_hash
    assert len(a.content_hash) == 32


def test_difference_hash_stays_near_when_an_image_is_saved_again(tmp_path):
    write_scene(tmp_path / "a.jpg", 200, 300)
    cv2.imwrite(str(tmp_path / "b.jpg"), cv2.resize(cv2.imread(str(tmp_path / "a.jpg")), (280, 190)))
    write_image(tmp_path / "c.jpg", np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8))

    a, b, c = (read_fingerprint(tmp_path / f"{name}.jpg", perceptual=True).difference_hash for name in "abc")

    assert (a ^ b).bit_count() <= 3
    assert (a ^ c).bit_count() > 10


def test_difference_hash_asks_whether_a_cell_is_brighter_than_its_right_neighbour():
    falling = np.tile(np.arange(90, 0, -10, dtype=np.uint8), (8, 1))

    assert compute_difference_hash(falling) == 2**64 - 1
    assert compute_difference_hash(falling[:, ::-1].copy()) == 0


@pytest.mark.parametrize("content", [b"", b"no image", b"\xff\xd8\xff\xe0 cut off"])
def test_read_fingerprints_names_every_file_that_is_no_image(tmp_path, content):
    write_scene(tmp_path / "good.png", 20, 30)
    for name in ("bad1.png", "bad2.jpg"):
        (tmp_path / name).write_bytes(content)

    with pytest.raises(PipelineError, match=r"(?s)2 image\(s\) cannot be read; .*bad1\.png.*bad2\.jpg") as caught:
        read_fingerprints([tmp_path / name for name in ("bad2.jpg", "good.png", "bad1.png")], perceptual=False)

    assert "good.png" not in str(caught.value)
