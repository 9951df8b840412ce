"""A member's saved predictions: `data/predictions/<member>.npz`."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from stages.errors import PipelineError
from stages.outputs import replaced_file

PREDICTIONS = Path("data/predictions")


class Predictions(NamedTuple):
    """The probabilities that one member gives.

    Each array of probabilities is float32, (n, 1), of the second class, from a sigmoid head, or (n, classes).

    Attributes:
        train: for every training row, from the saved model; leaked wherever the row was learnt.
        validation: for every validation row, from the saved model.
        test: for every test row, from the saved model.
        held_out: for the rows that the meta-model learns from.
        held_out_rows: int64, (m,), which rows of the train split those are.
        held_out_fold: int64, (m,), the fold whose model predicted the row; -1 if the row was learnt by it (leaked).
        initial_test: for every test row, before any training; empty, (0, 1), where not asked for.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    held_out: np.ndarray
    held_out_rows: np.ndarray
    held_out_fold: np.ndarray
    initial_test: np.ndarray

    @property
    def is_leaked(self) -> bool:
        """Has the meta-model to learn from predictions on rows that the member was trained on?"""
        return bool(np.any(self.held_out_fold < 0))


def save_predictions(label: str, predictions: Predictions) -> None:
    """Write a member's predictions; equal ones give an equal file."""
    with replaced_file(PREDICTIONS / f"{label}.npz") as path, path.open("wb") as stream:
        np.savez(stream, **predictions._asdict())


def load_predictions(label: str) -> Predictions:
    """Read a member's predictions.

    Raises:
        PipelineError: there are none.
    """
    path = PREDICTIONS / f"{label}.npz"
    try:
        with np.load(path) as arrays:
            return Predictions(**{name: arrays[name] for name in Predictions._fields})
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run `dvc repro train@{label}`") from None


def spread_classes(probabilities: np.ndarray) -> np.ndarray:
    """Probabilities of every class, float64, (n, classes): a sigmoid's (n, 1) become (n, 2)."""
    values = probabilities.astype(np.float64)
    if values.shape[1] == 1:
        values = np.hstack([1 - values, values])
    return values / values.sum(axis=1, keepdims=True)
