"""The kinds that Pillow decodes: GIF, AVIF, and HEIC with the extra."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from stacker.photos import opening
from stacker.photos.fingerprints import read_fingerprint
from stacker.photos.image_files import decode_colour, decode_grey, read_header
from stacker.photos.opening import open_image, open_upright
from stacker.photos.unreadable import UNREADABLE

BACKGROUND = (255, 0, 100)  # RGB, no two alike
# Left red, right blue, and a green row below: neither turned nor mirrored it is the same.
PIXELS = np.zeros((16, 24, 3), np.uint8)
PIXELS[:, :12], PIXELS[:, 12:], PIXELS[12:] = (200, 0, 0), (0, 0, 200), (0, 180, 0)
TURN = {0x0112: 6}  # to be turned by a quarter, clockwise


def save(image: Image.Image, kind: str, **options) -> bytes:
    stream = BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def make_exif() -> Image.Exif:
    exif = Image.Exif()
    exif.update(TURN)
    return exif


def decode(content: bytes) -> np.ndarray:
    """RGB."""
    return decode_colour(np.frombuffer(content, np.uint8), read_header(content), 1, BACKGROUND, None)[..., ::-1]


def test_of_a_gif_the_first_frame_is_taken():
    frames = [Image.fromarray(pixels) for pixels in (PIXELS, PIXELS[::-1], PIXELS[:, ::-1])]
    content = save(frames[0], "GIF", save_all=True, append_images=frames[1:])

    assert read_header(content).is_for_pillow
    assert Image.open(BytesIO(content)).n_frames == 3
    np.testing.assert_array_equal(decode(content), PIXELS)


def test_a_transparent_colour_of_a_gif_shows_the_background():
    palette = Image.new("P", (3, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putdata([0, 1, 0])

    content = save(palette, "GIF", transparency=1)

    assert decode(content).tolist() == [[[10, 20, 30], [255, 0, 100], [10, 20, 30]]]


def test_an_avif_is_read_as_it_lies_and_grey_too():
    content = save(Image.fromarray(PIXELS), "AVIF", quality=100, subsampling="4:4:4")
    header = read_header(content)

    assert (header.width, header.height, header.is_jpeg, header.is_for_pillow) == (24, 16, False, True)
    np.testing.assert_allclose(decode(content).astype(int), PIXELS, atol=6)
    grey = decode_grey(np.frombuffer(content, np.uint8), header, 1, BACKGROUND)
    np.testing.assert_allclose(grey[5, [5, 18]], [0.299 * 200, 0.114 * 200], atol=6)


def test_a_turned_avif_is_upright_and_a_transparent_one_shows_the_background():
    turned = save(Image.fromarray(PIXELS), "AVIF", quality=100, subsampling="4:4:4", exif=make_exif())
    layers = Image.fromarray(np.dstack([PIXELS, np.full((16, 24), 0, np.uint8)]))

    np.testing.assert_allclose(decode(turned).astype(int), np.rot90(PIXELS, -1), atol=6)
    assert np.unique(decode(save(layers, "AVIF")).reshape(-1, 3), axis=0).tolist() == [list(BACKGROUND)]


@pytest.mark.parametrize("kind", ["GIF", "AVIF"])
def test_where_it_is_cut_off_it_is_unreadable(tmp_path, kind):
    noise = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    content = save(Image.fromarray(noise), kind)
    path = tmp_path / "photo"
    for length in (5, 30, 200, len(content) // 2, len(content) - 40):
        path.write_bytes(content[:length])
        with pytest.raises(UNREADABLE):
            read_fingerprint(path, perceptual=True, background=BACKGROUND)


def test_a_heic_photo_is_told_where_the_extra_is_not_installed(monkeypatch):
    monkeypatch.setattr(opening, "_register_heic", lambda: False)

    with pytest.raises(OSError, match=r"^it is a HEIC photo; to read such, install the extra `heic`"):
        open_image(b"\x00\x00\x00\x1cftypheic\x00\x00\x00\x00mif1heicmiaf")


@pytest.mark.extra
def test_a_heic_photo_is_read_with_the_extra():
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()  # for the test to write one
    content = save(Image.fromarray(PIXELS), "HEIF", quality=100, chroma=444, exif=make_exif().tobytes())

    assert ".heic" in opening.list_suffixes()
    assert read_header(content).is_for_pillow
    np.testing.assert_allclose(decode(content).astype(int), np.rot90(PIXELS, -1), atol=8)
    with pytest.raises(UNREADABLE):
        open_upright(np.frombuffer(content[: len(content) // 2], np.uint8), "RGB")
