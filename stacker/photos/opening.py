"""Open an image file with Pillow, whatever its kind; photos of iPhones with the extra `heic`."""

import functools
import importlib.util
from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

SUFFIXES = frozenset({".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"})
HEIC_SUFFIXES = frozenset({".heic", ".heif"})
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
HEIC_ADVICE = "install the extra `heic`: pip install --require-hashes -r requirements.lock -r locks/heic.lock"
FOR_PILLOW = frozenset({"AVIF", "GIF", "HEIF"})  # Pillow's names of what not every build of OpenCV reads


@functools.cache
def list_suffixes() -> frozenset[str]:
    """The endings, in lower case, of the files that are taken for photos: .heic and .heif where they can be read."""
    return SUFFIXES | HEIC_SUFFIXES if importlib.util.find_spec("pillow_heif") else SUFFIXES


def open_image(content: bytes) -> Image.Image:
    """The image, its first frame; its pixels are not decoded yet.

    Raises:
        OSError: Pillow knows no such image; or it is of an iPhone, and the extra `heic` is not installed.
    """
    if not content:
        raise OSError("the file is empty")
    is_heic = content[4:8] == b"ftyp" and content[8:12] in HEIC_BRANDS
    is_known = not is_heic or _register_heic()
    try:
        return Image.open(BytesIO(content))
    except UnidentifiedImageError:
        if is_known:
            raise
        raise OSError(f"it is a HEIC photo; to read such, {HEIC_ADVICE}") from None
    except RuntimeError as error:  # what Pillow raises for a damaged AVIF
        raise OSError(f"it is damaged: {error}") from None


def open_upright(content: np.ndarray, mode: str) -> np.ndarray:
    """The pixels as Pillow decodes them: uint8, (height, width, 3 or 4), 0-255.

    Of what is transparent, OpenCV would miss a palette's alpha, a grey TIFF's, or how it is turned.

    Args:
        content: uint8, the bytes of a file.
        mode: "RGB" or "RGBA".

    Raises:
        OSError, SyntaxError, ValueError: it cannot be decoded.
    """
    with open_image(content.tobytes()) as image:
        try:
            return np.asarray(ImageOps.exif_transpose(image).convert(mode))
        except (RuntimeError, EOFError) as error:  # of a damaged AVIF or GIF
            raise OSError(f"it is damaged: {error}") from None


@functools.cache
def _register_heic() -> bool:
    """Teach Pillow to read HEIC; False where the extra `heic` is not installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return False
    register_heif_opener()
    return True
