"""Which photos the contact sheet shows: what a model got most confidently wrong, and what each model says of it."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.artifacts.csv_cells import read_cell
from stacker.artifacts.errors import PipelineError

MOST_SHOWN = 12


class Shown(NamedTuple):
    """One photo on the sheet.

    Attributes:
        image: uint8, (height, width, 3), RGB, 0-255.
        path: of the photo.
        truth: its class; None where nobody has said yet.
        votes: by model, the judged one first: the class it predicts, and the probability it gives that class.
        caption: what to say where the truth is not known.
    """

    image: np.ndarray
    path: str
    truth: str | None
    votes: list[tuple[str, str, float]]
    caption: str = ""


def find_mistakes(labels: np.ndarray, probabilities: np.ndarray, most: int = MOST_SHOWN) -> np.ndarray:
    """The rows whose wrong prediction is surest, surest first; of equals, the first row.

    Args:
        labels: int64, (n,).
        probabilities: float64, (n, k).
        most: how many at most.

    Returns:
        Int64, (at most `most`,).
    """
    wrong = np.flatnonzero(probabilities.argmax(axis=1) != labels)
    return wrong[np.argsort(-probabilities[wrong].max(axis=1), kind="stable")][:most]


def find_least_sure(probabilities: np.ndarray, most: int = MOST_SHOWN) -> np.ndarray:
    """The rows whose prediction is least sure, least sure first; of equals, the first row.

    Args:
        probabilities: float64, (n, k).
        most: how many at most.

    Returns:
        Int64, (at most `most`,).
    """
    return np.argsort(probabilities.max(axis=1), kind="stable")[:most]


def read_paths(manifest: Path, split: str) -> list[str]:
    """The photos' paths of a split, in the order of the array's rows.

    Raises:
        PipelineError: the manifest is missing.
    """
    try:
        with manifest.open(newline="", encoding="utf-8") as stream:
            return [read_cell(row["path"]) for row in csv.DictReader(stream) if row["split"] == split]
    except FileNotFoundError:
        raise PipelineError(f"{manifest} is missing: run `dvc repro prepare`, or `dvc checkout`") from None


def collect_votes(votes: Mapping[str, np.ndarray], row: int, classes: Sequence[str]) -> list[tuple[str, str, float]]:
    """What each model says of one row: its name, the class, the probability it gives that class.

    Args:
        votes: by model, probabilities, float64, (n, k).
        row: which.
        classes: the k class names.
    """
    guesses = {name: int(probabilities[row].argmax()) for name, probabilities in votes.items()}
    return [(name, classes[guess], float(votes[name][row, guess])) for name, guess in guesses.items()]


def write_title(judged: str, shown: int, wrong: int, n: int) -> str:
    """What the sheet shows, in good English for every count.

    Args:
        judged: the model whose answers it shows.
        shown: how many photos are shown.
        wrong: how many photos it gets wrong in all.
        n: of how many.
    """
    if not wrong:
        few = "photo" if shown == 1 else f"{shown:,} photos"
        return f"{judged} makes no mistake on {n:,} test photos.\nBelow: the {few} that it is least sure of"
    if wrong == shown:
        few = "The one mistake" if wrong == 1 else f"All {wrong:,} mistakes"
        return f"{few} of {judged} on {n:,} test photos" + (", the surest first" if wrong > 1 else "")
    return f"The {shown:,} surest of {wrong:,} mistakes of {judged} on {n:,} test photos"
