"""Decode image files in threads, straight into an array."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from stacker.artifacts.progress import Progress, join_progress
from stacker.photos.fingerprints import Fingerprint
from stacker.photos.image_files import choose_reduction, compute_extent, decode_colour
from stacker.photos.resizing import fit_image
from stacker.photos.threads import run_in_threads

# A JPEG is reduced to no less than so many times the side that is asked for, and averaged from there. At 1 the same
# picture comes out of PNG and JPEG 1.5 grey levels apart at 75 px, at 1.5 it is 0.6, and not reduced at all 0.2, which
# takes 1.8 times as long.
MARGIN = 1.5


def decode_images(
    paths: Sequence[Path],
    fingerprints: Sequence[Fingerprint],
    pixels: np.ndarray,
    fit: str,
    interpolation: str,
    background: Sequence[int],
    bit_depth: int,
    bar: Progress | None = None,
) -> None:
    """Decode every file into its row of `pixels`.

    Args:
        paths: the files.
        fingerprints: one a file.
        pixels: uint8, (n, side, side, 3), written in place: RGB, 0-255.
        fit: "stretch" to the square, "crop" its centre, or "pad" it with black.
        interpolation: a key of `INTERPOLATIONS`: how images grow.
        background: RGB, 0-255: what shows where an image is transparent.
        bit_depth: of 16-bit images, the bits that their values fill.
        bar: to move on, photo by photo; None shows one of its own.

    Raises:
        PipelineError: naming every file that cannot be decoded.
    """
    side = pixels.shape[1]

    def decode_row(row: int) -> None:
        header = fingerprints[row].header
        source = max(header.width, header.height) if fit == "pad" else min(header.width, header.height)
        grid = choose_reduction(header, source, MARGIN * side)
        factor = grid if header.is_jpeg else 1
        image = decode_colour(np.fromfile(paths[row], np.uint8), header, factor, background, bit_depth)
        extent = compute_extent(header, factor, image.shape)
        square = fit_image(image, extent, side, fit, interpolation, grid // factor)
        pixels[row] = cv2.cvtColor(square, cv2.COLOR_BGR2RGB)

    with join_progress(bar, "decoding", len(paths), "photos") as shown:
        run_in_threads(decode_row, paths, shown)
