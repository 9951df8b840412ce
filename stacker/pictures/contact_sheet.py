"""The contact sheet: the photos that a model got most confidently wrong, with every member's vote."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from stacker.artifacts.errors import PipelineError
from stacker.pictures.look import shorten

MOST_SHOWN = 12
COLUMNS = 4
NAME_LENGTH = 18


class Mistake(NamedTuple):
    """One photo that was got wrong.

    Attributes:
        image: uint8, (height, width, 3), RGB, 0-255.
        path: of the photo.
        truth: its class.
        votes: by model, the judged one first: the class it predicts, and the probability it gives that class.
    """

    image: np.ndarray
    path: str
    truth: str
    votes: list[tuple[str, str, float]]


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


def read_paths(manifest: Path, split: str) -> list[str]:
    """The photos' paths of a split, in the order of the array's rows.

    Raises:
        PipelineError: the manifest is missing.
    """
    try:
        with manifest.open(newline="", encoding="utf-8") as stream:
            return [row["path"] for row in csv.DictReader(stream) if row["split"] == split]
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


def draw_contact_sheet(mistakes: Sequence[Mistake], judged: str, wrong: int) -> Figure:
    """Draw the photos.

    Args:
        mistakes: those to show, the surest first.
        judged: the model whose mistakes they are.
        wrong: how many it makes in all.
    """
    if not mistakes:
        figure = Figure((6, 1.5), layout="constrained")
        figure.suptitle(f"{judged} gets every test photo right: no mistake to show")
        return figure
    columns = min(COLUMNS, len(mistakes))
    rows = -(-len(mistakes) // columns)
    lines = len(mistakes[0].votes)
    # a photo, its title, and a line a vote: less height would let the votes run into the title below
    figure = Figure((max(2.9 * columns, 6), (3.3 + 0.125 * lines) * rows + 0.4), layout="constrained")
    for number, mistake in enumerate(mistakes, start=1):
        _draw_mistake(figure.add_subplot(rows, columns, number), mistake)
    figure.suptitle(f"The {len(mistakes)} most confident of {wrong:,} mistakes of {judged}")
    return figure


def _draw_mistake(axes: Axes, mistake: Mistake) -> None:
    axes.imshow(mistake.image)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    axes.set_title(f"{shorten(mistake.path, 38)}\ntruth: {shorten(mistake.truth, 24)}", fontsize=8)
    lines = [
        f"{'✓' if guess == mistake.truth else '✗'} {shorten(name, NAME_LENGTH):{NAME_LENGTH}} "
        f"{shorten(guess, 12):12} {probability:.3f}"
        for name, guess, probability in mistake.votes
    ]
    axes.set_xlabel("\n".join(lines), family="DejaVu Sans Mono", fontsize=7, loc="left")
