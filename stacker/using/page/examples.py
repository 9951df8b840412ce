"""Examples to click on: photos of the test split that the model gets right, and its worst mistakes."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.artifacts.arrays import MANIFEST, load_classes, load_images, load_labels
from stacker.artifacts.descriptions import Description
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import load_ensemble_predictions, load_predictions
from stacker.pictures.shown_photos import find_mistakes, read_paths
from stacker.using.page.answering import Answering, Photo
from stacker.using.page.uploads import MOST_PHOTOS, Upload
from stacker.using.photo_arguments import find_photos

MOST_RIGHT = MOST_WRONG = 4
RIGHT, WRONG, UNKNOWN = "Photos it gets right", "Photos it gets wrong", "Examples"


class Rows(NamedTuple):
    """A split with the model's saved predictions: labels, int64, (n,), and probabilities, float64, (n, k)."""

    labels: np.ndarray
    probabilities: np.ndarray


def load_rows(description: Description, split: str) -> Rows:
    """What the model predicted of a split when it was trained.

    Raises:
        PipelineError: the folder has no such predictions, or they are another model's.
    """
    classes = load_classes()
    if classes != description.classes:
        raise PipelineError(f"data/arrays has the classes {classes}, the model has {description.classes}")
    load = load_ensemble_predictions if description.kind == "ensemble" else load_predictions
    rows = Rows(load_labels(split), spread_classes(getattr(load(description.label), split)))
    if rows.probabilities.shape != (len(rows.labels), len(classes)):
        raise PipelineError(f"data/arrays and data/predictions differ in the {split} split: run `dvc repro`")
    return rows


def choose_rows(rows: Rows) -> list[int]:
    """The rows to show: some that are right, of all classes in turn, then the worst mistakes."""
    right = rows.probabilities.argmax(axis=1) == rows.labels
    by_class = [np.flatnonzero(right & (rows.labels == label)) for label in range(rows.probabilities.shape[1])]
    in_turn = [found[turn] for turn in range(MOST_RIGHT) for found in by_class if turn < len(found)]
    return [int(row) for row in [*in_turn[:MOST_RIGHT], *find_mistakes(rows.labels, rows.probabilities, MOST_WRONG)]]


def load_examples(description: Description) -> list[Photo]:
    """Photos of the test split with their classes.

    Raises:
        PipelineError: the folder that one works in has none, or its photos are not for this model.
    """
    chosen, images = choose_rows(load_rows(description, "test")), load_images("test")
    if images.shape[1] != description.preparation.side:
        raise PipelineError(f"data/arrays has {images.shape[1]} px, the model takes {description.preparation.side} px")
    labels, paths = load_labels("test"), read_paths(MANIFEST, "test")
    return [Photo(Path(paths[row]).name, images[row], description.classes[labels[row]]) for row in chosen]


def split_examples(answering: Answering, examples: Sequence[Photo]) -> dict[str, list[Photo]]:
    """The examples under a title each, by what the model says of them now; titles without any are left out."""
    findings = answering.answer(examples) if examples else []
    groups: dict[str, list[Photo]] = {RIGHT: [], WRONG: [], UNKNOWN: []}
    for finding in findings:
        truth = finding.photo.truth
        groups[UNKNOWN if truth is None else RIGHT if truth == finding.likeliest else WRONG].append(finding.photo)
    return {title: photos for title, photos in groups.items() if photos}


def open_examples(answering: Answering, folder: Path) -> list[Photo]:
    """Photos of a folder, the first ones by name; in folders that are called like classes, with their class.

    Raises:
        PipelineError: the folder has no photos, or one that the page does not take.
    """
    paths = find_photos([str(folder)], sys.stdin)[:MOST_PHOTOS]
    photos, refused = answering.open_photos([Upload(path, path.name) for path in paths])
    if refused:
        raise PipelineError(f"{folder}: {refused[0].name} cannot be an example: {refused[0].reason}")
    return [
        photo._replace(truth=path.parent.name if path.parent.name in answering.classes else None)
        for path, photo in zip(paths, photos, strict=True)
    ]
