"""The list of all photos, `data/arrays/manifest.csv`, which `prepare` writes: a line a photo."""

import csv
from typing import NamedTuple

from stacker.artifacts.arrays import COMMAND, MANIFEST, SPLITS
from stacker.artifacts.csv_cells import read_cell
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.skipped_photos import SKIPPED


class Photo(NamedTuple):
    """What is known of a photo beside its pixels.

    Attributes:
        path: relative to `data.images`, with slashes.
        label: the name of its class.
        split: that it is in.
        width: of the file, pixels.
        height: of the file, pixels.
        content_hash: equal for files of equal bytes.
        group: duplicates share one.
    """

    path: str
    label: str
    split: str
    width: int
    height: int
    content_hash: str
    group: int


def load_manifest() -> dict[str, list[Photo]]:
    """The photos of each split, in the order of the rows of its arrays; skipped ones are in none.

    Raises:
        PipelineError: the file is missing or damaged.
    """
    photos: dict[str, list[Photo]] = {split: [] for split in SPLITS}
    try:
        with MANIFEST.open(newline="", encoding="utf-8") as stream:
            for line in csv.DictReader(stream):
                if line["split"] == SKIPPED:
                    continue
                photo = Photo(
                    path=read_cell(line["path"]),
                    label=read_cell(line["class"]),
                    split=line["split"],
                    width=int(line["width"]),
                    height=int(line["height"]),
                    content_hash=line["content_hash"],
                    group=int(line["group"]),
                )
                photos[photo.split].append(photo)
    except FileNotFoundError:
        raise PipelineError(f"{MANIFEST} is missing: run `{COMMAND}`, or `dvc checkout` to bring it back") from None
    except (KeyError, TypeError, ValueError) as error:  # a column is missing, a line cut short, a number none
        raise PipelineError(f"{MANIFEST} is damaged ({error!r}): delete it and run `{COMMAND}`") from None
    return photos
