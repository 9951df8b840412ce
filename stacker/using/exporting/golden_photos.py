"""Photos whose answers are known, to check an export by: five that are drawn here, each hard in another way."""

import shutil
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

ORIENTATION = 0x0112  # the tag of EXIF
QUARTER_TURN = 6
DEEP_BITS = 12  # of a drawn 16-bit photo, where the model has no word on it


def draw_golden(folder: Path, side: int, bit_depth: int | None) -> list[str]:
    """Draw five photos, the same ones each time.

    Args:
        folder: where to.
        side: of the image that the network takes, pixels: which photos shrink and which grow hangs on it.
        bit_depth: of 16-bit photos, the bits that their values fill, if the model has a word on it.

    Returns:
        Their names: one that shrinks along one axis and grows along the other; a JPEG that is large enough to be
        reduced while it is decoded, by no whole number of pixels; one that EXIF turns; a small one with transparent
        parts; one of 16 bits.
    """
    photos = {
        "wide.jpg": _encode(_draw(0, round(side * 0.8), round(side * 1.4)), "JPEG"),
        "large.jpg": _encode(_draw(1, round(side * 3.1) | 1, round(side * 4.2) | 1), "JPEG"),
        "turned.jpg": _encode(_draw(2, round(side * 1.3), round(side * 1.9)), "JPEG", QUARTER_TURN),
        "transparent.png": _encode(_add_alpha(_draw(3, round(side * 0.6), round(side * 0.7))), "PNG"),
        "deep.png": _encode_deep(_draw(4, round(side * 1.7), round(side * 1.2)), bit_depth or DEEP_BITS),
    }
    for name, content in photos.items():
        (folder / name).write_bytes(content)
    return list(photos)


def copy_golden(folder: Path, photos: Sequence[Path]) -> list[str]:
    """Copy photos, numbered, as two may have one name; gives the new names."""
    names = [f"{number}_{photo.name}" for number, photo in enumerate(photos, start=1)]
    for name, photo in zip(names, photos, strict=True):
        shutil.copyfile(photo, folder / name)
    return names


def _draw(seed: int, height: int, width: int) -> np.ndarray:
    """Soft colours, with a disc, a ring and stripes on them: uint8, (height, width, 3), RGB."""
    generator = np.random.default_rng(seed)
    coarse = generator.integers(0, 256, (6, 6, 3), np.uint8)
    picture = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))
    short = min(height, width)
    for radius, thickness in ((0.3, -1), (0.2, max(1, short // 16))):
        centre = [int(generator.integers(length // 4, 3 * length // 4)) for length in (width, height)]
        cv2.circle(picture, centre, round(short * radius), generator.integers(0, 256, 3).tolist(), thickness)
    for number in range(5):
        left = round(width * (0.1 + 0.06 * number))
        cv2.line(picture, (left, 0), (left + width // 3, height), (250 - 50 * number, 40 * number, 90), short // 40 + 1)
    return picture


def _add_alpha(picture: np.ndarray) -> np.ndarray:
    """From solid at the left to transparent at the right."""
    alpha = np.linspace(255, 0, picture.shape[1]).round().astype(np.uint8)
    return np.dstack([picture, np.broadcast_to(alpha, picture.shape[:2])])


def _encode(picture: np.ndarray, kind: str, orientation: int = 1) -> bytes:
    stream = BytesIO()
    exif = Image.Exif()
    if orientation != 1:
        exif[ORIENTATION] = orientation
    Image.fromarray(picture).save(stream, kind, quality=92, exif=exif)
    return stream.getvalue()


def _encode_deep(picture: np.ndarray, bits: int) -> bytes:
    """A PNG of 16 bits a channel, whose values fill `bits` of them."""
    deep = np.rint(picture[..., ::-1] * ((2**bits - 1) / picture.max())).astype(np.uint16)
    return cv2.imencode(".png", deep)[1].tobytes()
