"""Read image files: first what identifies them, then their pixels, in threads and straight into an array."""

import hashlib
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import NamedTuple, TypeVar

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from stacker.artifacts.errors import PipelineError

QUEUED = 1024  # files that wait for a thread: a waiting one takes a kilobyte or more
INTERPOLATIONS = {"linear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA, "cubic": cv2.INTER_CUBIC}
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


T = TypeVar("T")


class Fingerprint(NamedTuple):
    """What identifies an image file.

    Attributes:
        width: pixels, as the file's header says.
        height: pixels, likewise.
        content_hash: BLAKE2b of the file's bytes, 32 hexadecimal digits.
        difference_hash: 64 bits that change little when an image is resized or saved again; 0 where not asked for.
    """

    width: int
    height: int
    content_hash: str
    difference_hash: int


def read_fingerprints(paths: Sequence[Path], perceptual: bool) -> list[Fingerprint]:
    """Read every file once; with `perceptual`, decode a reduced grey copy too.

    Raises:
        PipelineError: naming every file that is no readable image.
    """
    return _in_threads(lambda row: read_fingerprint(paths[row], perceptual), paths, "reading")


def read_fingerprint(path: Path, perceptual: bool) -> Fingerprint:
    """The fingerprint of one file; an unreadable one raises OSError."""
    content = path.read_bytes()
    with Image.open(BytesIO(content)) as image:  # the header alone: OpenCV would decode all pixels to tell the size
        width, height = image.size
    bits = 0
    if perceptual:
        bits = compute_difference_hash(_decode(np.frombuffer(content, np.uint8), cv2.IMREAD_REDUCED_GRAYSCALE_8))
    return Fingerprint(width, height, hashlib.blake2b(content, digest_size=16).hexdigest(), bits)


def compute_difference_hash(grey: np.ndarray) -> int:
    """64 bits: is each cell of an 8x8 grid brighter than its right neighbour?

    Source: N. Krawetz, "Kind of Like That" (2013), the dHash.

    Args:
        grey: uint8, (height, width), 0-255.
    """
    small = cv2.resize(grey, (9, 8), interpolation=cv2.INTER_AREA)
    return int.from_bytes(np.packbits(small[:, :-1] > small[:, 1:]).tobytes(), "big")


def decode_images(
    paths: Sequence[Path], fingerprints: Sequence[Fingerprint], pixels: np.ndarray, fit: str, interpolation: str
) -> None:
    """Decode every file into its row of `pixels`.

    Args:
        paths: the files.
        fingerprints: one a file; their sizes decide how far a JPEG is reduced while it is decoded.
        pixels: uint8, (n, side, side, 3), written in place: RGB, 0-255.
        fit: "stretch" to the square, "crop" its centre, or "pad" it with black.
        interpolation: a key of `INTERPOLATIONS`.

    Raises:
        PipelineError: naming every file that OpenCV cannot decode.
    """
    side = pixels.shape[1]

    def decode_row(row: int) -> None:
        content = np.fromfile(paths[row], np.uint8)
        is_jpeg = content[:2].tobytes() == b"\xff\xd8"  # of others OpenCV decodes all and drops pixels: no gain
        factor = choose_reduction(fingerprints[row].width, fingerprints[row].height, side, fit) if is_jpeg else 1
        image = _decode(content, REDUCED[factor])
        pixels[row] = cv2.cvtColor(fit_image(image, side, fit, INTERPOLATIONS[interpolation]), cv2.COLOR_BGR2RGB)

    _in_threads(decode_row, paths, "decoding")


def choose_reduction(width: int, height: int, side: int, fit: str) -> int:
    """How far a JPEG may be reduced while it is decoded, without becoming smaller than what is asked for.

    OpenCV reduces a JPEG in the frequency domain, which skips most of the work of decoding.
    """
    source = max(width, height) if fit == "pad" else min(width, height)
    return max(factor for factor in REDUCED if factor == 1 or source >= factor * side)


def fit_image(image: np.ndarray, side: int, fit: str, interpolation: int) -> np.ndarray:
    """Bring uint8 (height, width, 3) to (side, side, 3)."""
    height, width = image.shape[:2]
    if fit == "crop":
        edge = min(height, width)
        top, left = (height - edge) // 2, (width - edge) // 2
        image = image[top : top + edge, left : left + edge]
    if fit != "pad":
        return np.asarray(cv2.resize(image, (side, side), interpolation=interpolation))
    scale = side / max(height, width)
    inner_height, inner_width = max(1, round(height * scale)), max(1, round(width * scale))
    image = cv2.resize(image, (inner_width, inner_height), interpolation=interpolation)
    top, left = (side - inner_height) // 2, (side - inner_width) // 2
    bottom, right = side - inner_height - top, side - inner_width - left
    return np.asarray(cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT))


def _decode(content: np.ndarray, flags: int) -> np.ndarray:
    image = cv2.imdecode(content, flags) if content.size else None
    if image is None:
        raise OSError("OpenCV cannot decode it")
    return np.asarray(image)


def _in_threads(work: Callable[[int], T], paths: Sequence[Path], description: str) -> list[T]:
    """Call `work` on every row number in threads, with a progress bar; then report all files that are unreadable."""
    broken: list[str] = []

    def attempt(row: int) -> T | None:
        try:
            return work(row)
        except (OSError, Image.DecompressionBombError) as error:
            broken.append(f"{paths[row]}: {error}")
            return None

    previous = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one thread a file: OpenCV's own threads would fight ours over the cores
    try:
        with (
            ThreadPoolExecutor(os.cpu_count()) as executor,
            tqdm(total=len(paths), desc=description, mininterval=1) as bar,
        ):
            results = []
            for start in range(0, len(paths), QUEUED):
                for result in executor.map(attempt, range(start, min(start + QUEUED, len(paths)))):
                    results.append(result)
                    bar.update()
    finally:
        cv2.setNumThreads(previous)
    if broken:
        shown = "\n  ".join(sorted(broken)[:10])
        raise PipelineError(f"{len(broken)} image(s) cannot be read; mend or remove them:\n  {shown}")
    return [result for result in results if result is not None]
