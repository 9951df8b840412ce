"""What identifies image files, read before their pixels are decoded."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.artifacts.progress import open_progress
from stacker.photos.difference_hash import LEAST_SIDE, SMALLEST_SIDE, compute_difference_hash, says_enough
from stacker.photos.image_files import (
    Header,
    choose_reduction,
    compute_bit_depth,
    compute_extent,
    decode_deep,
    decode_grey,
    read_header,
)
from stacker.photos.threads import run_in_threads
from stacker.photos.unreadable import Unreadable


class Fingerprint(NamedTuple):
    """What identifies an image file.

    Attributes:
        header: its size and kind.
        content_hash: SHA-256 of the file's bytes, 64 hexadecimal digits.
        difference_hash: 64 bits that change little when an image is resized or saved again; None where not asked for,
            or where they would say nothing: the image is too small, or shows too little.
        largest: the largest value of a 16-bit image; 0 for others.
    """

    header: Header
    content_hash: str
    difference_hash: int | None
    largest: int


def read_fingerprints(
    paths: Sequence[Path], perceptual: bool, background: Sequence[int]
) -> tuple[list[Fingerprint], dict[int, Unreadable]]:
    """Read every file once, and decode a grey copy, reduced where it is a JPEG.

    Args:
        paths: the files.
        perceptual: are difference hashes wanted?
        background: RGB, 0-255: what shows where an image is transparent.

    Returns:
        The fingerprints of all that can be read, in order; and why the others cannot, by their number.
    """
    with open_progress("reading", len(paths), "photos") as bar:
        found = run_in_threads(lambda row: read_fingerprint(paths[row], perceptual, background), len(paths), bar)
    prints = [one for one in found if isinstance(one, Fingerprint)]
    if perceptual:
        _report_unsearched(prints)
    return prints, {row: one for row, one in enumerate(found) if isinstance(one, Unreadable)}


def read_fingerprint(path: Path, perceptual: bool, background: Sequence[int]) -> Fingerprint:
    """The fingerprint of one file; an unreadable one raises one of `UNREADABLE`.

    Where no difference hash is wanted, the pixels are decoded all the same: so all files that cannot be are known
    before the splits are drawn.
    """
    content = path.read_bytes()
    header = read_header(content)
    pixels = np.frombuffer(content, np.uint8)
    bits, shorter = None, min(header.width, header.height)
    factor = choose_reduction(header, shorter, LEAST_SIDE if perceptual else 1) if header.is_jpeg else 1
    grey = decode_grey(pixels, header, factor, background)
    if perceptual and shorter >= SMALLEST_SIDE:
        bits = compute_difference_hash(grey, compute_extent(header, factor, grey.shape))
        bits = bits if says_enough(bits) else None
    largest = int(decode_deep(pixels).max()) if header.is_deep else 0
    return Fingerprint(header, hashlib.sha256(content).hexdigest(), bits, largest)


def find_bit_depth(prints: Sequence[Fingerprint]) -> int | None:
    """The bits that the values of all 16-bit images fill, 8 to 16, which a line in print says; None without any."""
    deep = [fingerprint.largest for fingerprint in prints if fingerprint.header.is_deep]
    if not deep:
        return None
    bit_depth = compute_bit_depth(max(deep))
    print(
        f"{len(deep):,} image(s) of 16 bits: their largest value is {max(deep):,}, so they are taken to fill "
        f"{bit_depth} bits, and {2**bit_depth - 1:,} becomes 255"
    )
    return bit_depth


def _report_unsearched(prints: Sequence[Fingerprint]) -> None:
    headers = [fingerprint.header for fingerprint in prints if fingerprint.difference_hash is None]
    small = sum(min(header.width, header.height) < SMALLEST_SIDE for header in headers)
    if headers:
        print(
            f"warning: near duplicates are not looked for among {small:,} image(s) smaller than {SMALLEST_SIDE} px and "
            f"{len(headers) - small:,} that show too little, such as flat ones: they would match by chance. Equal "
            "files are still found"
        )
