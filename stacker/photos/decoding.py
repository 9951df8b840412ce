"""Decode image files in threads, straight into an array."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from stacker.artifacts.preparation import Preparation
from stacker.artifacts.progress import Progress, join_progress
from stacker.photos.fingerprints import Fingerprint
from stacker.photos.image_files import Header, choose_reduction, compute_extent, decode_colour
from stacker.photos.resizing import fit_image
from stacker.photos.threads import run_in_threads
from stacker.photos.unreadable import Unreadable, refuse_unreadable

# A JPEG is reduced to no less than so many times the side that is asked for, and averaged from there. At 1 the same
# picture comes out of PNG and JPEG 1.5 grey levels apart at 75 px, at 1.5 it is 0.6, and not reduced at all 0.2, which
# takes 1.8 times as long.
MARGIN = 1.5


def decode_images(
    paths: Sequence[Path],
    fingerprints: Sequence[Fingerprint],
    pixels: np.ndarray,
    preparation: Preparation,
    bar: Progress | None = None,
) -> None:
    """Decode every file into its row of `pixels`.

    Args:
        paths: the files.
        fingerprints: one a file.
        pixels: uint8, (n, side, side, 3), written in place: RGB, 0-255.
        preparation: how they become arrays.
        bar: to move on, photo by photo; None shows one of its own.

    Raises:
        PipelineError: naming every file that cannot be decoded.
    """

    def decode_row(row: int) -> None:
        content = np.fromfile(paths[row], np.uint8)
        pixels[row] = decode_image(content, fingerprints[row].header, preparation)

    with join_progress(bar, "decoding", len(paths), "photos") as shown:
        results = run_in_threads(decode_row, len(paths), shown)
    found = {path: result for path, result in zip(paths, results, strict=True) if isinstance(result, Unreadable)}
    refuse_unreadable(found, "they could when their fingerprints were taken, so something changes them: run it again")


def decode_image(content: np.ndarray, header: Header, preparation: Preparation) -> np.ndarray:
    """One photo, as the networks take it.

    Args:
        content: uint8, the bytes of its file.
        header: of the same file.
        preparation: how it becomes an array.

    Returns:
        Uint8, (side, side, 3), RGB, 0-255.

    Raises:
        OSError: the file cannot be decoded.
    """
    side, fit = preparation.side, preparation.fit
    source = max(header.width, header.height) if fit == "pad" else min(header.width, header.height)
    grid = choose_reduction(header, source, MARGIN * side)
    factor = grid if header.is_jpeg else 1
    image = decode_colour(content, header, factor, preparation.background, preparation.bit_depth)
    square = fit_square(image, compute_extent(header, factor, image.shape), preparation, grid // factor)
    return np.asarray(cv2.cvtColor(square, cv2.COLOR_BGR2RGB))


def fit_square(image: np.ndarray, extent: tuple[float, float], preparation: Preparation, grid: int = 1) -> np.ndarray:
    """As `fit_image`, by what `preparation` says."""
    return fit_image(image, extent, preparation.side, preparation.fit, preparation.interpolation, grid)
