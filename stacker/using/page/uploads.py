"""What the page takes: image files, neither too large to hold nor to decode; told before a pixel is decoded."""

from pathlib import Path
from typing import NamedTuple

from PIL import Image

from stacker.photos.unreadable import UNREADABLE

FORMATS = ("AVIF", "BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP")  # as `prepare` takes them, whatever the file is called
MOST_BYTES = 20 * 1024**2
MOST_PIXELS = 50_000_000
MOST_PHOTOS = 20  # at once: the others who ask wait so long
LIMITS = (
    f"{', '.join(FORMATS[:-1])} or {FORMATS[-1]}; up to {MOST_PHOTOS} photos at once, each up to "
    f"{MOST_BYTES // 1024**2} MB and {MOST_PIXELS // 10**6} megapixels."
)
# Pillow's own limits, 89 and 179 megapixels, lie above ours; where warnings are errors, the first is one too.
TOO_LARGE = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class Upload(NamedTuple):
    """A file that a user gave: where it lies, and the name that it had there, which may be anything."""

    path: Path
    name: str


def find_problem(path: Path) -> str | None:
    """Why the page does not take a file, in words that end "name: "; None if it does.

    Reads the size and the header of the file alone.
    """
    size = path.stat().st_size
    if size > MOST_BYTES:
        return f"it has {size / 1024**2:,.1f} MB; at most {MOST_BYTES / 1024**2:.0f} MB are taken"
    limit = f"at most {MOST_PIXELS / 1e6:.0f} megapixels are taken"
    try:
        with Image.open(path, formats=FORMATS) as image:
            width, height = image.size
    except TOO_LARGE:
        return f"it has far too many pixels; {limit}"
    except (*UNREADABLE, RuntimeError):  # the last is Pillow's for a damaged AVIF
        return f"this is no image of a kind that is taken ({', '.join(FORMATS[:-1])} or {FORMATS[-1]})"
    if width * height > MOST_PIXELS:
        return f"it has {width * height / 1e6:,.1f} megapixels ({width:,} x {height:,}); {limit}"
    return None
