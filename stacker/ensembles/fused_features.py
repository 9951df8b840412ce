"""A rival from below: one logistic regression on the features of all members side by side, no network of its own."""

from collections.abc import Mapping, Sequence

import numpy as np

from stacker.artifacts.arrays import SPLITS
from stacker.artifacts.predictions import Predictions
from stacker.splits.held_out import Fold, Plan
from stacker.training.linear_fits import fit_folds, tune_strength

Features = Mapping[str, np.ndarray]  # by split, float32, (n, f)


def join_features(members: Sequence[Features]) -> Features:
    """The features of several members side by side."""
    return {split: np.hstack([features[split] for features in members]) for split in SPLITS}


def fit_fused(
    features: Features, labels: np.ndarray, plan: Plan, folds: Sequence[Fold], is_balanced: bool
) -> tuple[Predictions, float]:
    """Choose the penalty by the folds, fit, and predict as a member does: the held-out rows by fits without them.

    Args:
        features: by split.
        labels: int64, (n,), of the train split.
        plan: of the fits.
        folds: of the rows that the final fit learns, to choose by.
        is_balanced: shall every class count the same?

    Returns:
        The predictions, and the strength of the fit against the penalty, scikit-learn's `C`.
    """
    train = features["train"]
    tuning = tune_strength(train, labels, folds, is_balanced)
    strength = tuning.strengths[tuning.best]
    learnt = [fold.learn for fold in (plan.final, *plan.folds)]
    final, *heads = fit_folds(train, labels, learnt, strength, is_balanced)
    whole = [final.predict(features[split]).astype(np.float32) for split in SPLITS]
    held_out, rows = whole[0][plan.final.predict], plan.final.predict
    if plan.folds:
        held_out, rows = np.empty_like(whole[0]), np.arange(len(labels))
        for head, fold in zip(heads, plan.folds, strict=True):
            held_out[fold.predict] = head.predict(train[fold.predict])
    return Predictions(
        **dict(zip(SPLITS, whole, strict=True)),
        held_out=held_out,
        held_out_rows=rows,
        held_out_fold=plan.cuts,
        initial_test=np.empty((0, 1), np.float32),
        is_balanced=np.array(is_balanced),
    ), strength
