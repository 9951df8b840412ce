"""Learning curves: `plots/curves/<label>.csv`, a line an epoch."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.outputs import replaced_file

CURVES = Path("plots/curves")


class Epoch(NamedTuple):
    """A line of the learning curves: an epoch of a fit, an iteration (which has no learning rate), or a whole fit.

    A head that is fitted to its optimum is so for several `strength`s, scikit-learn's `C`.
    """

    epoch: int
    phase: str
    accuracy: float
    loss: float
    val_accuracy: float
    val_loss: float
    learning_rate: float | None
    strength: float | None = None


def write_history(label: str, history: Sequence[Epoch], kept: int = -1) -> None:
    """Write the curves of a model that is done; see `write_curves`."""
    write_curves(CURVES / f"{label}.csv", history, kept)


def write_curves(path: Path, history: Sequence[Epoch], kept: int = -1) -> None:
    """Write the epochs of all phases, numbered through, as CSV, four digits a number: they are for the eye.

    Args:
        path: of the file.
        history: at least one epoch.
        kept: the index of the one whose weights the model has; its line has a 1 in the column `kept`, the others a 0.
    """
    kept %= len(history)
    with replaced_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow((*Epoch._fields, "kept"))
        for number, epoch in enumerate(history, start=1):
            values = (*epoch._replace(epoch=number), int(number - 1 == kept))
            writer.writerow([float(f"{value:.4g}") if isinstance(value, float) else value for value in values])


def read_history(label: str) -> dict[str, list[str]]:
    """The columns of a model's curves, as text.

    Raises:
        PipelineError: the file is missing or has no epoch.
    """
    path = CURVES / f"{label}.csv"
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run `dvc repro`, or `dvc checkout` to bring it back") from None
    if not rows:
        raise PipelineError(f"{path} has no epoch: run `dvc repro`")
    return {column: [row[column] for row in rows] for column in rows[0]}
