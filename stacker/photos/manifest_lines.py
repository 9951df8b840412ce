"""What `manifest.csv` says of each photo: a line for each row of the arrays, then those that were skipped."""

import csv
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.artifacts.csv_cells import guard_cell
from stacker.artifacts.skipped_photos import SKIPPED
from stacker.photos.fingerprints import Fingerprint
from stacker.photos.listing import ImageFile
from stacker.photos.unreadable import Unreadable

COLUMNS = ("path", "class", "split", "width", "height", "content_hash", "group", "reason")


class Line(NamedTuple):
    """A photo.

    Attributes:
        path: relative to `data.images`, with slashes.
        class_name: its class.
        split: one of `SPLITS`, or `SKIPPED`.
        width: pixels, before it is turned upright; None of a skipped one, as all that follows but the reason.
        height: pixels, likewise.
        content_hash: SHA-256 of the file's bytes.
        group: of duplicates.
        reason: why it was skipped; empty if it was not.
    """

    path: str
    class_name: str
    split: str
    width: int | None = None
    height: int | None = None
    content_hash: str | None = None
    group: int | None = None
    reason: str = ""


def write_manifest(path: Path, lines: Iterable[Line]) -> None:
    """Write one line a photo; within a split, they must be in the order of the array's rows."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        for line in lines:
            writer.writerow(line._replace(path=guard_cell(line.path), class_name=guard_cell(line.class_name)))


def list_taken(
    files: Iterable[ImageFile],
    fingerprints: Iterable[Fingerprint],
    splits: np.ndarray,
    groups: np.ndarray,
    classes: Sequence[str],
) -> list[Line]:
    """A line for each photo that is in an array.

    Args:
        files: these photos, in order.
        fingerprints: one a file.
        splits: strings, (n,), each of `SPLITS`.
        groups: int64, (n,), groups of duplicates.
        classes: the class names, in the order of the labels.
    """
    described = zip(files, fingerprints, splits.tolist(), groups.tolist(), strict=True)
    return [
        Line(
            file.path.as_posix(),
            classes[file.label],
            split,
            image.header.width,
            image.header.height,
            image.content_hash,
            group,
        )
        for file, image, split, group in described
    ]


def list_skipped(skipped: Mapping[ImageFile, Unreadable], classes: Sequence[str]) -> list[Line]:
    """A line for each photo that is in none, with the reason."""
    return [
        Line(file.path.as_posix(), classes[file.label], SKIPPED, reason=found.reason) for file, found in skipped.items()
    ]
