import hashlib

import cv2
import numpy as np
import pytest
from helpers import write_image, write_scene

from stacker.photos.fingerprints import find_bit_depth, read_fingerprint, read_fingerprints

WHITE = (255, 255, 255)


def read(path, perceptual=True):
    return read_fingerprint(path, perceptual, WHITE)


def test_a_fingerprint_tells_size_and_content(tmp_path):
    write_scene(tmp_path / "a.png", 20, 30)

    received = read(tmp_path / "a.png", perceptual=False)

    assert (received.header.width, received.header.height) == (30, 20)
    assert received.content_hash == hashlib.sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    assert received.difference_hash is None


def test_the_hash_stays_near_when_an_image_is_saved_again(tmp_path):
    write_scene(tmp_path / "a.jpg", 200, 300)
    cv2.imwrite(str(tmp_path / "b.jpg"), cv2.resize(cv2.imread(str(tmp_path / "a.jpg")), (280, 190)))
    write_image(tmp_path / "c.jpg", np.random.default_rng(1).integers(0, 256, (200, 300, 3), np.uint8))

    a, b, c = (read(tmp_path / f"{name}.jpg").difference_hash for name in "abc")

    assert (a ^ b).bit_count() <= 2
    assert (a ^ c).bit_count() > 10


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_a_turned_jpeg_is_near_its_upright_copy(tmp_path, orientation):
    from PIL import Image, ImageOps

    write_scene(tmp_path / "plain.jpg", 301, 403)  # not whole blocks of a reduced JPEG
    exif = Image.Exif()
    exif[0x0112] = orientation
    with Image.open(tmp_path / "plain.jpg") as image:
        image.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    with Image.open(tmp_path / "turned.jpg") as image:
        ImageOps.exif_transpose(image).save(tmp_path / "upright.png")

    turned, upright, plain = (read(tmp_path / name) for name in ("turned.jpg", "upright.png", "plain.jpg"))

    assert (turned.difference_hash ^ upright.difference_hash).bit_count() <= 2
    assert (turned.difference_hash ^ plain.difference_hash).bit_count() > 10


def test_a_transparent_picture_is_seen_on_the_background(tmp_path):
    generator = np.random.default_rng(0)
    hidden = generator.integers(0, 256, (40, 40, 4), np.uint8)
    hidden[..., 3] = np.kron(generator.integers(0, 2, (10, 10)), np.ones((4, 4))) * 255
    seen = np.where(hidden[..., 3:] == 255, hidden[..., :3], 255).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "hidden.png"), hidden)
    cv2.imwrite(str(tmp_path / "seen.png"), seen)

    assert read(tmp_path / "hidden.png").difference_hash == read(tmp_path / "seen.png").difference_hash


@pytest.mark.parametrize("side", [1, 3, 7, 8, 15])
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_small_images_have_no_difference_hash(tmp_path, capsys, side, suffix):
    generator = np.random.default_rng(0)
    paths = [tmp_path / f"{name}.{suffix}" for name in ("small", "thin", "large", "flat")]
    for path, shape in zip(paths, [(side, side), (60, side), (64, 64)], strict=False):
        write_image(path, generator.integers(0, 256, (*shape, 3), np.uint8))
    write_image(paths[3], np.full((64, 64, 3), 7, np.uint8))

    prints, _ = read_fingerprints(paths, perceptual=True, background=WHITE)

    assert [print_.difference_hash is None for print_ in prints] == [True, True, False, True]
    assert (
        "warning: near duplicates are not looked for among 2 image(s) smaller than 16 px and 1 that show too little"
        in capsys.readouterr().out
    )


def test_nothing_is_said_where_near_duplicates_are_not_wanted(tmp_path, capsys):
    write_image(tmp_path / "small.png", np.zeros((4, 4, 3), np.uint8))

    read_fingerprints([tmp_path / "small.png"], perceptual=False, background=WHITE)

    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("perceptual", [False, True])
def test_every_file_that_cannot_be_read_is_told_with_its_reason_and_stops_no_other(tmp_path, perceptual):
    write_scene(tmp_path / "good.png", 20, 30)
    whole = (tmp_path / "good.png").read_bytes()
    broken = {"empty.jpg": b"", "text.png": b"no image", "cut_off.png": whole[:60]}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)

    names = ["empty.jpg", "good.png", "text.png", "cut_off.png"]
    prints, unreadable = read_fingerprints([tmp_path / name for name in names], perceptual, WHITE)

    assert [one.content_hash for one in prints] == [hashlib.sha256(whole).hexdigest()]
    assert {names[row]: found.reason for row, found in unreadable.items()} == {
        "empty.jpg": "the file is empty",
        "text.png": "it is no image that can be read",
        "cut_off.png": "OpenCV cannot decode it",
    }


@pytest.mark.parametrize("suffix", ["png", "tiff"])
@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3)])
def test_the_bit_depth_holds_the_largest_value_of_all_16_bit_images(tmp_path, capsys, suffix, shape):
    for name, value in (("a", 700), ("b", 3000)):
        image = np.zeros(shape, np.uint16)
        image[4, 2] = value
        cv2.imwrite(str(tmp_path / f"{name}.{suffix}"), image)
    write_image(tmp_path / "plain.png", np.full((9, 7, 3), 200, np.uint8))

    prints = [read(tmp_path / name) for name in (f"a.{suffix}", f"b.{suffix}", "plain.png")]

    assert [print_.largest for print_ in prints] == [700, 3000, 0]
    assert find_bit_depth(prints) == 12
    assert "2 image(s) of 16 bits: their largest value is 3,000" in capsys.readouterr().out
    assert find_bit_depth(prints[::2]) == 10


def test_without_16_bit_images_nothing_is_said_of_them(tmp_path, capsys):
    write_image(tmp_path / "plain.png", np.full((9, 7, 3), 200, np.uint8))

    find_bit_depth([read(tmp_path / "plain.png", perceptual=False)])

    assert capsys.readouterr().out == ""
