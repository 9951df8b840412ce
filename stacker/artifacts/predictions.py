"""Saved predictions: `data/predictions/members/<label>.npz`, and `ensembles/<label>.npz` beside them.

They are logits: a float32 probability is exactly 1.0 from a logit of 17 on, and then nothing tells how wrong it is.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.numpy_files import load_arrays
from stacker.artifacts.outputs import replaced_file

PREDICTIONS = Path("data/predictions")
MEMBER_PREDICTIONS = PREDICTIONS / "members"
ENSEMBLE_PREDICTIONS = PREDICTIONS / "ensembles"
LEAVE_ONE_OUT = PREDICTIONS / "leave_one_out"
FUSED = PREDICTIONS / "baselines" / "features.npz"


class Predictions(NamedTuple):
    """The logits that one member gives.

    Each array of logits is float32, (n, 1), the log odds of the second class, where a sigmoid follows, or (n, classes),
    where a softmax does.

    Attributes:
        train: for every training row, from the saved model; leaked wherever the row was learnt.
        validation: for every validation row, from the saved model.
        test: for every test row, from the saved model.
        held_out: for the rows that the meta-model learns from.
        held_out_rows: int64, (m,), which rows of the train split those are.
        held_out_fold: int64, (m,), the cut that the row belongs to when what learns from these rows is itself to be
            judged on them (out-of-fold: the fold whose model predicted it); -1 if the member learnt the row (leaked).
        initial_test: for every test row, before any training; empty, (0, 1), where not asked for.
        is_balanced: bool, (), were rows weighted so that every class counts the same?
        novelty_validation: float32, (n,), how unlike the training photos each validation row is; see
            `stacker.uncertainty.novelty`. It and what follows are empty, or 0, where they are not asked for.
        novelty_test: float32, (n,), likewise of every test row.
        is_watched: bool, (), has early stopping looked at the validation split?
        parameters: int64, (), of the saved model.
        gflop: float64, (), billions of operations a photo.
        file_bytes: int64, (), of the saved file.
        precision: a string, (), in which its network ran, such as "float32".
        saved_rows: int64, (k,), test rows that went through the saved file, where its network ran in int8 and the file
            does not.
        saved_test: what the file gave for them: probabilities, float32, (k, 1) or (k, classes).
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    held_out: np.ndarray
    held_out_rows: np.ndarray
    held_out_fold: np.ndarray
    initial_test: np.ndarray
    is_balanced: np.ndarray
    novelty_validation: np.ndarray = np.empty(0, np.float32)
    novelty_test: np.ndarray = np.empty(0, np.float32)
    is_watched: np.ndarray = np.array(False)
    parameters: np.ndarray = np.array(0)
    gflop: np.ndarray = np.array(0.0)
    file_bytes: np.ndarray = np.array(0)
    precision: np.ndarray = np.array("float32")
    saved_rows: np.ndarray = np.empty(0, np.int64)
    saved_test: np.ndarray = np.empty((0, 1), np.float32)

    @property
    def is_leaked(self) -> bool:
        """Has the meta-model to learn from predictions on rows that the member was trained on?"""
        return bool(np.any(self.held_out_fold < 0))

    @property
    def fit_on(self) -> str:
        """What `stacking.fit_on` was when they were made: "oof", "holdout" or "train"."""
        if self.is_leaked:
            return "train"
        return "oof" if len(self.held_out_rows) == len(self.train) else "holdout"


class EnsemblePredictions(NamedTuple):
    """The logits that one ensemble gives: its meta-model, on the members' saved predictions.

    Each array of logits is float32, (n, 1) for two classes, or (n, classes).

    Attributes:
        train: for every training row; leaked, as the members' are.
        validation: for every validation row.
        test: for every test row.
        held_out: for the members' held-out rows, each from a meta-model that has learnt the other cuts alone; empty
            where the members' are leaked.
        held_out_rows: int64, (m,), which rows of the train split those are.
        fit_on: a string, (), what the meta-model learnt from: "oof", "holdout" or "train" (leaked).
        checked_photos: int64, (), how many test photos went through the saved file itself, with the same answers.
        novelty_validation: float32, (n,), how unlike the training photos each validation row is: the members' mean.
        novelty_test: float32, (n,), likewise of every test row.
        is_watched: bool, (), has a member's early stopping looked at the validation split?
        parameters: int64, (), of the saved model.
        gflop: float64, (), billions of operations a photo.
        file_bytes: int64, (), of the saved file.
        saved_rows: int64, (k,), test rows that went through the saved file, where a member's network ran in int8 and
            the file does not.
        saved_test: what the file gave for them: probabilities, float32, (k, 1) or (k, classes).
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    held_out: np.ndarray
    held_out_rows: np.ndarray
    fit_on: np.ndarray
    checked_photos: np.ndarray
    novelty_validation: np.ndarray = np.empty(0, np.float32)
    novelty_test: np.ndarray = np.empty(0, np.float32)
    is_watched: np.ndarray = np.array(False)
    parameters: np.ndarray = np.array(0)
    gflop: np.ndarray = np.array(0.0)
    file_bytes: np.ndarray = np.array(0)
    saved_rows: np.ndarray = np.empty(0, np.int64)
    saved_test: np.ndarray = np.empty((0, 1), np.float32)


def save_predictions(label: str, predictions: Predictions) -> None:
    """Write a member's predictions; equal ones give an equal file."""
    _save(MEMBER_PREDICTIONS / f"{label}.npz", predictions)


def save_fused(predictions: Predictions) -> None:
    """Write the predictions of the stage `fuse`; of a rival that is left out they have no row."""
    _save(FUSED, predictions)


def save_ensemble_predictions(label: str, predictions: EnsemblePredictions) -> None:
    """Write an ensemble's predictions; equal ones give an equal file."""
    _save(ENSEMBLE_PREDICTIONS / f"{label}.npz", predictions)


def load_predictions(label: str) -> Predictions:
    """Read a member's predictions.

    Raises:
        PipelineError: there are none, or the file is damaged.
    """
    return _load(MEMBER_PREDICTIONS / f"{label}.npz", f"dvc repro train@{label}")


def load_fused() -> Predictions | None:
    """Read the predictions of the stage `fuse`; None where it was left out.

    Raises:
        PipelineError: there are none, or the file is damaged.
    """
    predictions = _load(FUSED, "dvc repro fuse")
    return predictions if len(predictions.train) else None


def load_ensemble_predictions(label: str) -> EnsemblePredictions:
    """Read an ensemble's predictions.

    Raises:
        PipelineError: there are none, or the file is damaged.
    """
    path, command = ENSEMBLE_PREDICTIONS / f"{label}.npz", f"dvc repro stack@{label}"
    arrays = load_arrays(path, command)
    _check_names(path, set(arrays), set(EnsemblePredictions._fields), command)
    return EnsemblePredictions(**arrays)


def load_all_predictions(labels: list[str]) -> dict[str, Predictions]:
    """The predictions of members, by label.

    Raises:
        PipelineError: some are missing, or they do not hold out the same rows.
    """
    predictions = {label: load_predictions(label) for label in labels}
    rows = predictions[labels[0]].held_out_rows
    if any(not np.array_equal(rows, member.held_out_rows) for member in predictions.values()):
        raise PipelineError("the members' held-out rows differ: run `dvc repro`, which predicts them alike")
    return predictions


def _load(path: Path, command: str) -> Predictions:
    arrays = load_arrays(path, command)
    _check_names(path, set(arrays), set(Predictions._fields), command)
    return Predictions(**arrays)


def _save(path: Path, predictions: Predictions | EnsemblePredictions) -> None:
    needed = sum(array.nbytes for array in predictions)
    with replaced_file(path, needed) as partial, partial.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **predictions._asdict())


def _check_names(path: Path, received: set[str], expected: set[str], command: str) -> None:
    if received != expected:
        raise PipelineError(
            f"{path} holds {', '.join(sorted(received)) or 'nothing'}, expected {', '.join(sorted(expected))}: run "
            f"`{command}`"
        )
