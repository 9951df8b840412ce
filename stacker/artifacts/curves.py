"""Learning curves: `plots/curves/<label>.csv`, a line an epoch."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.outputs import replaced_file

CURVES = Path("plots/curves")


class Epoch(NamedTuple):
    """One epoch of a fit, or one iteration: a line of the learning curves. An iteration has no learning rate."""

    epoch: int
    phase: str
    accuracy: float
    loss: float
    val_accuracy: float
    val_loss: float
    learning_rate: float | None


def write_history(label: str, history: Sequence[Epoch]) -> None:
    """Write the epochs of all phases, numbered through, as CSV."""
    with replaced_file(CURVES / f"{label}.csv") as partial, partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(Epoch._fields)
        for number, epoch in enumerate(history, start=1):
            values = epoch._replace(epoch=number)
            writer.writerow([round(value, 6) if isinstance(value, float) else value for value in values])


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
