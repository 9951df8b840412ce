"""The example prepares a photo as the pipeline does, to the last bit."""

import itertools
import json
import types
from io import BytesIO

import cv2
import numpy as np
import pytest
from PIL import Image

from stacker.artifacts.preparation import Preparation
from stacker.using.exporting.contract import describe_preparation
from stacker.using.exporting.example_text import PARTS, choose_lines
from stacker.using.exporting.golden_answers import prepare_whole
from stacker.using.photo_reading import read_photo

SIDE = 40
FITS = ("stretch", "crop", "pad")
SIZES = [(40, 40), (37, 61), (61, 37), (90, 41), (13, 9), (241, 163), (509, 497), (160, 1111), (240, 360)]


def load_prepare(folder, preparation: Preparation, dtype: str = "uint8"):
    """The function of the example, for a contract."""
    contract = {"preparation": describe_preparation(preparation, 0.0), "dtype": dtype}
    (folder / "contract.json").write_text(json.dumps(contract), encoding="utf-8")
    text = choose_lines((PARTS / "preparing.py").read_text(encoding="utf-8"), preparation.fit)
    module = types.ModuleType("preparing")
    module.__file__ = str(folder / "preparing.py")
    exec(text, module.__dict__)  # noqa: S102
    return module.prepare


def draw(height: int, width: int, channels: int = 3) -> np.ndarray:
    coarse = np.random.default_rng(height).integers(0, 256, (7, 7, channels), np.uint8)
    return cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC).reshape(height, width, channels)


def save(image: Image.Image, kind: str, orientation: int = 1, **options) -> bytes:
    exif, stream = Image.Exif(), BytesIO()
    exif[0x0112] = orientation
    image.save(stream, kind, exif=exif, **options)
    return stream.getvalue()


def encode_deep(height: int, width: int, channels: int, largest: int) -> bytes:
    deep = (draw(height, width, channels) * (largest / 255)).astype(np.uint16)
    return cv2.imencode(".png", deep)[1].tobytes()


def list_photos() -> dict[str, bytes]:
    photos = {}
    for height, width in SIZES:
        picture = Image.fromarray(draw(height, width))
        photos |= {f"{height}x{width}_{n}.jpg": save(picture, "JPEG", n) for n in (1, 3, 6)}
        photos |= {f"{height}x{width}_{n}.png": save(picture, "PNG", n) for n in (1, 6)}
        photos[f"{height}x{width}_alpha.png"] = save(Image.fromarray(draw(height, width, 4)), "PNG", 6)
        photos[f"{height}x{width}_alpha.webp"] = save(Image.fromarray(draw(height, width, 4)), "WEBP", lossless=True)
        photos[f"{height}x{width}_deep.png"] = encode_deep(height, width, 3, 4000)
    picture = Image.fromarray(draw(70, 50))
    palette = picture.quantize(16)
    photos["palette.png"] = save(palette, "PNG")
    photos["palette_transparent.png"] = save(palette, "PNG", 8, transparency=3)
    photos["grey.jpg"], photos["grey.png"] = (save(picture.convert("L"), kind) for kind in ("JPEG", "PNG"))
    photos["grey_alpha.png"] = save(Image.fromarray(draw(70, 50, 4)).convert("LA"), "PNG")
    photos["deep_grey.png"], photos["deep_dark.png"] = encode_deep(70, 50, 1, 60000), encode_deep(70, 50, 3, 100)
    photos["deep_alpha.png"] = encode_deep(70, 50, 4, 60000)
    photos["cmyk.jpg"] = save(picture.convert("CMYK"), "JPEG")
    return photos


@pytest.mark.parametrize("fit", FITS)
@pytest.mark.parametrize(("interpolation", "bit_depth"), [("auto", None), ("linear", 12)])
def test_the_example_prepares_as_the_pipeline_does(fit, interpolation, bit_depth, tmp_path):
    background = [250, 40, 100]
    preparation = Preparation(
        side=SIDE, fit=fit, interpolation=interpolation, background=background, bit_depth=bit_depth
    )
    prepare = load_prepare(tmp_path, preparation)

    wrong = []
    for name, content in list_photos().items():
        path = tmp_path / name
        path.write_bytes(content)
        expected, received = read_photo(path, preparation), prepare(path)
        assert received.shape == (SIDE, SIDE, 3)
        if not np.array_equal(received, expected):
            wrong.append(f"{name}: {np.abs(received - expected.astype(int)).max()}")
    assert wrong == []


def test_the_photos_differ_by_fit_and_interpolation(tmp_path):
    """Or else the test above would say less than it seems to."""
    path = tmp_path / "photo.png"
    path.write_bytes(save(Image.fromarray(draw(25, 39)), "PNG"))
    settings = itertools.product(FITS, ("cubic", "linear"))

    prepared = [read_photo(path, Preparation(side=SIDE, fit=fit, interpolation=how)).tobytes() for fit, how in settings]

    assert len(set(prepared)) == len(prepared)


def test_the_example_gives_the_dtype_that_the_network_takes(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(save(Image.fromarray(draw(37, 61)), "PNG"))
    preparation = Preparation(side=SIDE)

    received = load_prepare(tmp_path, preparation, "float32")(path)

    assert received.dtype == np.float32
    assert np.array_equal(received, read_photo(path, preparation))


def test_prepare_whole_reduces_no_jpeg(tmp_path):
    (tmp_path / "large.jpg").write_bytes(save(Image.fromarray(draw(509, 497)), "JPEG"))
    (tmp_path / "small.jpg").write_bytes(save(Image.fromarray(draw(61, 37)), "JPEG"))
    preparation = Preparation(side=SIDE)

    differences = {
        name: np.abs(prepare_whole(path, preparation) - read_photo(path, preparation).astype(int)).max()
        for name, path in (("large", tmp_path / "large.jpg"), ("small", tmp_path / "small.jpg"))
    }

    assert differences["small"] == 0
    assert 0 < differences["large"] < 12
