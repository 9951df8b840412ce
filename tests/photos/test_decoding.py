"""Files to rows of an array; that a file's format leaves no trace in its pixels."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from helpers import write_image, write_scene
from PIL import Image
from real_photos import list_real_photos

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.preparation import Preparation
from stacker.photos.decoding import decode_images
from stacker.photos.fingerprints import read_fingerprints

WHITE = (255, 255, 255)
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 95]


def decode(paths: list[Path], side: int, fit: str = "stretch", interpolation: str = "auto") -> np.ndarray:
    pixels = np.zeros((len(paths), side, side, 3), np.uint8)
    prints, _ = read_fingerprints(paths, perceptual=False, background=WHITE)
    decode_images(paths, prints, pixels, Preparation(side=side, fit=fit, interpolation=interpolation, bit_depth=16))
    return pixels


@pytest.mark.parametrize("suffix", ["png", "jpg", "bmp", "tiff", "webp"])
def test_red_stays_red(tmp_path, suffix):
    red = np.zeros((40, 40, 3), np.uint8)
    red[..., 0] = 255
    write_image(tmp_path / f"red.{suffix}", red)

    received = decode([tmp_path / f"red.{suffix}"], 32).reshape(-1, 3).mean(axis=0)

    np.testing.assert_allclose(received, [255, 0, 0], atol=3)


def test_grey_images_become_rgb(tmp_path):
    write_image(tmp_path / "grey.png", np.full((10, 10), 77, np.uint8))

    assert np.unique(decode([tmp_path / "grey.png"], 32)).tolist() == [77]


def test_every_file_comes_into_its_row_upright_on_the_background(tmp_path):
    write_image(tmp_path / "a.png", np.full((40, 40), 10, np.uint8))
    write_image(tmp_path / "b.png", np.full((40, 40), 20, np.uint8))
    cv2.imwrite(str(tmp_path / "c.png"), np.zeros((40, 40, 4), np.uint8))

    assert [row.mean() for row in decode([tmp_path / f"{name}.png" for name in "bac"], 32)] == [20, 10, 255]


@pytest.mark.parametrize("suffix", ["jpg", "png"])
@pytest.mark.parametrize(("height", "width", "side"), [(60, 90, 32), (40, 40, 75), (149, 200, 75)])
def test_without_a_reduction_pixels_are_those_of_opencv(tmp_path, suffix, height, width, side):
    path = tmp_path / f"scene.{suffix}"
    write_scene(path, height, width)

    image = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
    flag = cv2.INTER_AREA if height > side else cv2.INTER_CUBIC
    np.testing.assert_array_equal(decode([path], side)[0], cv2.resize(image, (side, side), interpolation=flag))


@pytest.mark.parametrize("fit", ["stretch", "crop", "pad"])
@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize(("height", "width"), [(400, 640), (397, 637), (640, 397)])
def test_a_reduced_jpeg_lies_where_the_whole_one_lies(tmp_path, fit, orientation, height, width):
    """Its last pixels reach over the edge of the picture: taken for whole ones, they would shift it."""
    coarse = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    image = Image.fromarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(tmp_path / "scene.jpg", quality=97, subsampling=0, exif=exif)
    image.save(tmp_path / "scene.png", exif=exif)

    jpeg, png = decode([tmp_path / "scene.jpg", tmp_path / "scene.png"], 32, fit).astype(int)

    assert np.abs(jpeg - png).mean() < 0.7
    assert np.abs(jpeg - png).max() < 6


def save_in_every_format(folder: Path, count: int) -> dict[str, list[Path]]:
    saved: dict[str, list[Path]] = {"png": [], "jpg": [], "webp": []}
    for number, photo in enumerate(list_real_photos(count)):
        image = cv2.imread(str(photo))
        for suffix, paths in saved.items():
            paths.append(folder / f"{number}.{suffix}")
            cv2.imwrite(str(paths[-1]), image, QUALITY if suffix == "jpg" else [cv2.IMWRITE_WEBP_QUALITY, 101])
    return saved


@pytest.mark.assets
@pytest.mark.parametrize(("side", "most", "interpolation"), [(75, 0.8, "linear"), (224, 0.5, "auto")])
def test_the_format_of_a_real_photo_is_no_clue(tmp_path, side, most, interpolation):
    saved = save_in_every_format(tmp_path, 10)

    png, jpeg, webp = (decode(paths, side, "stretch", interpolation).astype(int) for paths in saved.values())

    np.testing.assert_array_equal(webp, png)  # a quality above 100 is lossless
    assert np.abs(jpeg - png).mean() < most


def test_a_file_that_changed_since_it_was_fingerprinted_is_named(tmp_path):
    path = tmp_path / "scene.png"
    write_scene(path, 40, 40)
    prints, _ = read_fingerprints([path], perceptual=False, background=WHITE)
    path.write_bytes(b"\x89PNG")

    with pytest.raises(
        PipelineError, match=r"something changes them: run it again:\n  .*scene\.png: OpenCV cannot decode it"
    ):
        decode_images([path], prints, np.zeros((1, 32, 32, 3), np.uint8), Preparation(side=32))
