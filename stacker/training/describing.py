"""What a saved model is to know of itself, put together when it is saved."""

from typing import Any, Literal

import keras
import numpy as np

from stacker.artifacts.arrays import load_classes, load_groups, load_labels
from stacker.artifacts.descriptions import Description, HeldOutScores, MemberFacts, Thresholds
from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import EnsemblePredictions, Predictions
from stacker.artifacts.preparation import load_preparation
from stacker.checks.packages import list_installed
from stacker.uncertainty.novelty import find_novelty_threshold
from stacker.uncertainty.prediction_sets import choose_level, find_thresholds


def describe_model(
    kind: Literal["member", "ensemble"],
    label: str,
    members: dict[str, MemberFacts],
    settings: str,
    predictions: Predictions | EnsemblePredictions,
) -> Description:
    """What a model is to know of itself; no test label is read.

    Args:
        kind: what it is.
        label: the member's or the ensemble's.
        members: by label, sorted; of a member, itself.
        settings: their hash.
        predictions: the model's.
    """
    held_out = score_held_out(predictions)
    return Description(
        kind=kind,
        label=label,
        classes=load_classes(),
        preparation=load_preparation(),
        members=members,
        settings=settings,
        backend=keras.config.backend(),
        versions=list_installed(),
        held_out=held_out,
        thresholds=describe_thresholds(
            predictions, load_labels("validation"), load_groups("validation"), held_out.right / held_out.n
        ),
    )


def score_held_out(predictions: Predictions | EnsemblePredictions) -> HeldOutScores:
    """The scores on rows that the model had not learnt: held-out ones of the train split, else the validation split."""
    is_leaked = str(predictions.fit_on) == "train"
    split, logits = ("validation", predictions.validation) if is_leaked else ("train", predictions.held_out)
    rows: Any = slice(None) if is_leaked else predictions.held_out_rows
    labels, groups = load_labels(split)[rows], load_groups(split)[rows]
    probabilities = spread_classes(logits)
    likely = np.maximum(probabilities[np.arange(len(labels)), labels], np.finfo(np.float64).tiny)
    return HeldOutScores(
        rows="validation" if is_leaked else str(predictions.fit_on),
        n=len(labels),
        groups=len(np.unique(groups)),
        right=int((probabilities.argmax(axis=1) == labels).sum()),
        log_loss=round(float(-np.log(likely).mean()), 4),  # as metrics are: another CPU's rounding leaves it alone
    )


def describe_thresholds(
    predictions: Predictions | EnsemblePredictions, labels: np.ndarray, groups: np.ndarray, accuracy: float
) -> Thresholds:
    """The thresholds of "I do not know".

    Args:
        predictions: the model's.
        labels: int64, (n,), of the validation split.
        groups: int64, (n,), likewise; duplicates share a group.
        accuracy: of the model, before any test.
    """
    sets = find_thresholds(labels, spread_classes(predictions.validation))
    return Thresholds(
        sets=sets,
        level=choose_level(accuracy, sets),
        novelty=find_novelty_threshold(predictions.novelty_validation),
        n=len(labels),
        groups=len(np.unique(groups)),
        is_watched=bool(predictions.is_watched),
    )
