"""Turn folders of photos into memory-mapped arrays.

Reads the folder that `data.images` of params.yaml names; writes `data/arrays/`: for every split `images.npy` (uint8,
(n, side, side, 3), RGB, 0-255), `labels.npy`, `groups.npy` and `fingerprint.txt`; the class names; `preparation.json`,
how a photo becomes such an array; and `manifest.csv`, a line an image, the ones that could not be read among them.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap

from stacker.artifacts.arrays import ARRAYS, MANIFEST, SPLITS
from stacker.artifacts.disk_room import require_room, reserve
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.outputs import replaced_directory
from stacker.artifacts.preparation import PREPARATION, Preparation, write_preparation
from stacker.artifacts.progress import Progress, open_progress
from stacker.checks.command import run_stage
from stacker.photos.decoding import decode_images
from stacker.photos.duplicates import group_duplicates
from stacker.photos.fingerprints import Fingerprint, find_bit_depth, read_fingerprints
from stacker.photos.label_conflicts import handle_conflicts, report_near_conflicts
from stacker.photos.listing import ImageFile, list_images
from stacker.photos.manifest_lines import list_skipped, list_taken, write_manifest
from stacker.photos.skipping import handle_unreadable
from stacker.settings.data import Splits, load_data
from stacker.splits.splitting import draw_splits

MOST_NAMED = 20  # classes, in what is printed


def main() -> None:
    data = load_data()
    root = Path(data.images)
    files, classes = list_images(root, data.splits)
    print(f"{len(files):,} photos in {root}, to be made {data.image_size} x {data.image_size} px")
    require_room(ARRAYS, len(files) * data.image_size**2 * 3)  # before the photos are read, which may take hours
    paths = [root / file.path for file in files]
    fingerprints, unreadable = read_fingerprints(paths, data.near_duplicates is not None, data.background)
    files, skipped = handle_unreadable(root, files, unreadable, data.unreadable)
    content_hashes = [fingerprint.content_hash for fingerprint in fingerprints]
    difference_hashes = [fingerprint.difference_hash for fingerprint in fingerprints]
    handle_conflicts(files, content_hashes, classes, data.label_conflicts)
    preparation = Preparation(
        side=data.image_size,
        fit=data.fit,
        interpolation=data.interpolation,
        background=data.background,
        bit_depth=find_bit_depth(fingerprints),
    )
    groups = group_duplicates(content_hashes, difference_hashes, data.near_duplicates)
    splits = assign_splits(files, groups, content_hashes, data.splits, data.seed)
    check_splits(files, splits, classes)
    needed = len(files) * data.image_size**2 * 3
    with replaced_directory(ARRAYS, needed) as folder, open_progress("decoding", len(files), "photos") as bar:
        for split in SPLITS:
            rows = np.flatnonzero(splits == split)
            chosen = [files[row] for row in rows]
            write_split(folder / split, root, chosen, [fingerprints[row] for row in rows], preparation, bar)
            np.save(folder / split / "groups.npy", groups[rows])
            contents = sorted((content_hashes[row], classes[files[row].label]) for row in rows)
            (folder / split / "fingerprint.txt").write_text(compute_fingerprint(contents) + "\n", encoding="ascii")
        write_preparation(folder / PREPARATION.name, preparation)
        (folder / "classes.json").write_text(json.dumps(classes) + "\n", encoding="utf-8")
        lines = [*list_taken(files, fingerprints, splits, groups, classes), *list_skipped(skipped, classes)]
        write_manifest(folder / MANIFEST.name, lines)
    report_splits(files, splits, groups, classes)
    report_near_conflicts(files, groups.tolist(), content_hashes)


def assign_splits(
    files: list[ImageFile], groups: np.ndarray, content_hashes: list[str], sources: Splits, seed: int
) -> np.ndarray:
    """Name every file's split: its folder's, or one drawn from the train folder's files.

    Args:
        files: all images, in order.
        groups: int64, (n,), groups of duplicates; a draw never tears one apart.
        content_hashes: one a file.
        sources: a folder or a fraction for each split.
        seed: of the draws.

    Returns:
        Strings, (n,), each of `SPLITS`.
    """
    splits = np.array([file.split for file in files], dtype="U10")  # as long as "validation"
    labels = np.array([file.label for file in files])
    whole = np.flatnonzero(splits == "train")
    named = {"test": sources.test, "validation": sources.validation}
    fractions = {name: source for name, source in named.items() if isinstance(source, float)}
    drawn = draw_splits(labels[whole], groups[whole], [content_hashes[row] for row in whole], fractions, seed)
    splits[whole] = np.where(drawn == "", "train", drawn)
    return splits


def compute_fingerprint(contents: list[tuple[str, str]]) -> str:
    """What a split holds, in 16 hexadecimal digits.

    Args:
        contents: the content hash and the class of every photo, sorted: names and order of the files do not matter.
    """
    lines = "".join(f"{content_hash} {name}\n" for content_hash, name in contents)
    return hashlib.sha256(lines.encode()).hexdigest()[:16]


def check_splits(files: list[ImageFile], splits: np.ndarray, classes: list[str]) -> None:
    """Refuse a split in which a class has no image."""
    labels = np.array([file.label for file in files])
    for split in SPLITS:
        counts = np.bincount(labels[splits == split], minlength=len(classes))
        missing = [name for name, count in zip(classes, counts, strict=True) if not count]
        if missing:
            raise PipelineError(
                f"the {split} split has no image of {name_some(missing)}: add images, or raise its fraction "
                "in data.splits"
            )


def name_some(classes: list[str]) -> str:
    """The first of many classes."""
    more = f" and {len(classes) - MOST_NAMED:,} more" if len(classes) > MOST_NAMED else ""
    return ", ".join(classes[:MOST_NAMED]) + more


def write_split(
    folder: Path,
    root: Path,
    files: list[ImageFile],
    fingerprints: list[Fingerprint],
    preparation: Preparation,
    bar: Progress,
) -> None:
    """Decode a split's images straight into its memory map, so that memory does not grow with their number."""
    folder.mkdir()
    pixels = open_memmap(folder / "images.npy", "w+", np.uint8, (len(files), preparation.side, preparation.side, 3))
    reserve(folder / "images.npy")
    decode_images([root / file.path for file in files], fingerprints, pixels, preparation, bar)
    np.save(folder / "labels.npy", np.array([file.label for file in files], dtype=np.int64))


def report_splits(files: list[ImageFile], splits: np.ndarray, groups: np.ndarray, classes: list[str]) -> None:
    """Print the counts, and warn of duplicates that the user's own folders put into two splits."""
    labels = np.array([file.label for file in files])
    for split in SPLITS:
        counts = np.bincount(labels[splits == split], minlength=len(classes))
        shares = ", ".join(f"{name} {count}" for name, count in zip(classes, counts, strict=True))
        if len(classes) > MOST_NAMED:
            shares = f"{len(classes)} classes of {counts.min()} to {counts.max()}"
        print(f"{split}: {counts.sum()} images ({shares})")
    held = {(group, split) for group, split in zip(groups.tolist(), splits.tolist(), strict=True)}
    torn = sorted(group for group, count in Counter(group for group, _ in held).items() if count > 1)
    if torn:
        examples = [str(files[row].path) for row in np.flatnonzero(groups == torn[0])]
        print(
            f"warning: {len(torn)} group(s) of duplicate images lie in more than one split folder, such as "
            f"{', '.join(examples)}: scores on them are too good; the column `group` of manifest.csv lists all"
        )


if __name__ == "__main__":
    run_stage(main, __doc__)
