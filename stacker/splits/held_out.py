"""Plan which rows a member learns from and which it predicts unseen, for the meta-model to learn from.

The meta-model must see predictions of the quality that it will meet: a member's predictions on rows that it has learnt
are far too good (Wolpert, "Stacked generalization", 1992; scikit-learn's `StackingClassifier`).
"""

from typing import NamedTuple

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.splits.splitting import draw_rows


class Fold(NamedTuple):
    """One fit: int64 row numbers of the train split to learn from, and to predict for the meta-model."""

    learn: np.ndarray
    predict: np.ndarray


class Plan(NamedTuple):
    """All fits of a member.

    Attributes:
        folds: fits that only serve the held-out predictions; empty unless out-of-fold.
        final: the fit that gives the saved model; what it predicts is held out for `holdout`, and leaked for `train`.
    """

    folds: list[Fold]
    final: Fold


def plan_fits(fit_on: str, labels: np.ndarray, groups: np.ndarray, fold_count: int, holdout: float, seed: int) -> Plan:
    """Plan a member's fits. The plan depends on the rows and the seed alone, so it is the same for every member.

    Args:
        fit_on: "oof" (out-of-fold), "holdout", or "train" (the members' own training rows: leaked, for comparison).
        labels: int64, (n,), of the train split.
        groups: int64, (n,); duplicates share a group, and no group is torn between folds.
        fold_count: for oof.
        holdout: for holdout, the fraction of rows that no member learns from.
        seed: of the draw.

    Raises:
        PipelineError: a class has fewer groups than there are folds.
    """
    everything = np.arange(len(labels))
    nothing = np.empty(0, dtype=np.int64)
    if fit_on == "train":
        return Plan([], Fold(everything, everything))
    if fit_on == "holdout":
        held = draw_rows(labels, groups, holdout, seed)
        return Plan([], Fold(np.setdiff1d(everything, held), held))
    return Plan(_cut_folds(labels, groups, fold_count, seed), Fold(everything, nothing))


def _cut_folds(labels: np.ndarray, groups: np.ndarray, fold_count: int, seed: int) -> list[Fold]:
    from sklearn.model_selection import StratifiedGroupKFold

    fewest = min(len(np.unique(groups[labels == label])) for label in np.unique(labels))
    if fewest < fold_count:
        raise PipelineError(
            f"stacking.folds: {fold_count} folds need as many different training images of every class, but one class "
            f"has {fewest}: add images, lower stacking.folds, or set stacking.fit_on to holdout"
        )
    splitter = StratifiedGroupKFold(fold_count, shuffle=True, random_state=seed)
    return [Fold(learn, predict) for learn, predict in splitter.split(labels, labels, groups)]
