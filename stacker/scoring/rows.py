"""The rows that models are scored on: the test split, and those that choices are made by."""

from typing import NamedTuple

import numpy as np

from stacker.artifacts.arrays import load_groups, load_labels
from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import EnsemblePredictions, Predictions


class Rows(NamedTuple):
    """What is known of some rows.

    Attributes:
        labels: int64, (n,).
        groups: int64, (n,); duplicates share a group.
    """

    labels: np.ndarray
    groups: np.ndarray


def load_split_rows(split: str) -> Rows:
    """All rows of a split."""
    return Rows(load_labels(split), load_groups(split))


def load_test_rows() -> Rows:
    """The test split, which is for the end: nothing is chosen by it."""
    return load_split_rows("test")


def name_choice_rows(predictions: Predictions | EnsemblePredictions) -> str:
    """Where the rows that choices are made by come from: "oof", "holdout", or, with no row held out, "validation"."""
    fit_on = str(predictions.fit_on)
    return "validation" if fit_on == "train" else fit_on


def load_choice_rows(predictions: Predictions | EnsemblePredictions) -> Rows:
    """The rows that choices are made by: held-out ones of the train split; where they are leaked, the validation split.

    Args:
        predictions: of the model that is to be scored.
    """
    if name_choice_rows(predictions) == "validation":
        return load_split_rows("validation")
    rows = predictions.held_out_rows
    return Rows(load_labels("train")[rows], load_groups("train")[rows])


def predict_choice_rows(predictions: Predictions | EnsemblePredictions) -> np.ndarray:
    """Probabilities of the rows that `load_choice_rows` gives, float64, (n, k)."""
    is_leaked = name_choice_rows(predictions) == "validation"
    return spread_classes(predictions.validation if is_leaked else predictions.held_out)
