"""From the bytes of an image file to its pixels: 8 bits, on a background, turned upright."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np

from stacker.photos.opening import FOR_PILLOW, open_image, open_upright

ORIENTATION = 0x0112  # the tags of EXIF and TIFF
BITS_PER_SAMPLE = 258
COLOUR = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}
GREY = {
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


class Header(NamedTuple):
    """What an image file says of itself before its pixels.

    Attributes:
        width: pixels, before the image is turned upright.
        height: pixels, likewise.
        is_jpeg: only a JPEG gets cheaper and stays smooth when it is reduced while it is decoded.
        is_turned: it is a JPEG whose EXIF orientation turns or mirrors it.
        is_transparent: it has an alpha channel, or a colour that stands for nothing.
        is_deep: 16 bits a channel.
        is_for_pillow: an AVIF, a GIF or a HEIC, which not every build of OpenCV reads.
    """

    width: int
    height: int
    is_jpeg: bool = True
    is_turned: bool = False
    is_transparent: bool = False
    is_deep: bool = False
    is_for_pillow: bool = False


def read_header(content: bytes) -> Header:
    """The header alone: OpenCV would decode all pixels to tell the size.

    Raises:
        OSError: Pillow knows no such image, or the file is empty.
    """
    with open_image(content) as image:
        bits = (content[24],) if image.format == "PNG" else getattr(image, "tag_v2", {}).get(BITS_PER_SAMPLE, ())
        is_jpeg = image.format in ("JPEG", "MPO")
        is_turned = is_jpeg and image.getexif().get(ORIENTATION, 1) != 1  # of a PNG, this would decode all pixels
        is_transparent = image.has_transparency_data and not image.mode.startswith("I")  # a colour key of 16 bits
        is_for_pillow = image.format in FOR_PILLOW
        return Header(*image.size, is_jpeg, is_turned, is_transparent, 16 in bits, is_for_pillow)


def choose_reduction(header: Header, source: int, least: float) -> int:
    """How far the image may be reduced while it is decoded, so that `source` px become no less than `least`.

    OpenCV reduces a JPEG in the frequency domain, which skips most of the work of decoding. The last row and column
    of the reduced image may reach over the edge of the picture; those of a turned one would then be its first.
    """
    return max(
        factor
        for factor in COLOUR
        if factor == 1
        or (source >= factor * least and not (header.is_turned and (header.width % factor or header.height % factor)))
    )


def compute_extent(header: Header, factor: int, shape: Sequence[int]) -> tuple[float, float]:
    """Height and width of the picture in pixels of the decoded image: fractions where the last ones reach over."""
    height, width = header.height, header.width
    if math.ceil(height / factor) != shape[0]:  # it was turned upright
        height, width = width, height
    return height / factor, width / factor


def decode_colour(
    content: np.ndarray, header: Header, factor: int, background: Sequence[int], bit_depth: int | None
) -> np.ndarray:
    """All pixels of a file.

    Args:
        content: uint8, its bytes.
        header: of the same file.
        factor: what a JPEG is reduced by.
        background: RGB, 0-255: what shows where the image is transparent.
        bit_depth: of 16-bit images, the bits that their values fill: the largest one becomes 255. None: this one's.

    Returns:
        Uint8, (height, width, 3), BGR, 0-255, upright.

    Raises:
        OSError: the file cannot be decoded.
    """
    if header.is_for_pillow and not header.is_transparent:
        return np.ascontiguousarray(open_upright(content, "RGB")[..., ::-1])
    if not (header.is_deep or header.is_transparent):
        return _decode(content, COLOUR[factor])
    layers = open_upright(content, "RGBA") if header.is_transparent else None
    if header.is_deep:
        deep = decode_deep(content)
        bits = compute_bit_depth(int(deep.max())) if bit_depth is None else bit_depth
        colours = np.minimum(np.rint(deep * (255 / (2**bits - 1))), 255).astype(np.uint8)
    elif layers is not None:
        colours = layers[..., 2::-1]
    return colours if layers is None else _lay_on_background(colours, layers[..., 3:], background[::-1])


def decode_deep(content: np.ndarray) -> np.ndarray:
    """The pixels of a 16-bit image: uint16, (height, width, 3), BGR, upright, without an alpha channel."""
    deep = _decode(content, cv2.IMREAD_ANYDEPTH | cv2.IMREAD_ANYCOLOR)
    if deep.dtype != np.uint16:
        raise OSError(f"expected whole numbers of 16 bits from 0 upwards, received {deep.dtype}")
    return deep if deep.ndim == 3 else np.repeat(deep[..., np.newaxis], 3, axis=2)


def decode_grey(content: np.ndarray, header: Header, factor: int, background: Sequence[int]) -> np.ndarray:
    """As `decode_colour`, grey: uint8, (height, width). A 16-bit image is scaled by itself."""
    if not (header.is_deep or header.is_transparent or header.is_for_pillow):
        return _decode(content, GREY[factor])
    colour = decode_colour(content, header, factor, background, bit_depth=None)
    return np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY))


def compute_bit_depth(largest: int) -> int:
    """The bits that a 16-bit image's values fill: 8 to 16. Cameras and scanners often fill 10, 12 or 14."""
    return max(8, largest.bit_length())


def _lay_on_background(colours: np.ndarray, alpha: np.ndarray, background: Sequence[int]) -> np.ndarray:
    weights = alpha.astype(np.uint32)
    mixed = colours * weights + np.array(background, np.uint32) * (255 - weights)
    return ((mixed + 127) // 255).astype(np.uint8)


def _decode(content: np.ndarray, flags: int) -> np.ndarray:
    image = cv2.imdecode(content, flags) if content.size else None
    if image is None:
        raise OSError("OpenCV cannot decode it")
    return np.asarray(image)
