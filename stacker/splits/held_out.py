"""Plan which rows a member learns from and which it predicts unseen, for the meta-model to learn from.

The meta-model must see predictions of the quality that it will meet: a member's predictions on rows that it has learnt
are far too good (Wolpert, "Stacked generalization", 1992; scikit-learn's `StackingClassifier`).
"""

import warnings
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.splits.splitting import draw_rows

NAMED = 5  # classes that an error names before it counts the rest


class Fold(NamedTuple):
    """One fit: int64 row numbers of the train split to learn from, and to predict for the meta-model."""

    learn: np.ndarray
    predict: np.ndarray


class Plan(NamedTuple):
    """All fits of a member.

    Attributes:
        folds: fits that only serve the held-out predictions; empty unless out-of-fold.
        final: the fit that gives the saved model; what it predicts is held out for `holdout`, and leaked for `train`.
        cuts: int64, of every row that is predicted for the meta-model, in the order of the row numbers, the cut that it
            belongs to where a meta-model is itself judged on these rows: the fold, for out-of-fold; -1 where leaked.
    """

    folds: list[Fold]
    final: Fold
    cuts: np.ndarray


def plan_fits(
    fit_on: str,
    labels: np.ndarray,
    groups: np.ndarray,
    fold_count: int,
    holdout: float,
    seed: int,
    classes: Sequence[str],
) -> Plan:
    """Plan a member's fits. The plan depends on the rows and the seed alone, so it is the same for every member.

    Args:
        fit_on: "oof" (out-of-fold), "holdout", or "train" (the members' own training rows: leaked, for comparison).
        labels: int64, (n,), of the train split.
        groups: int64, (n,); duplicates share a group, and no group is torn between folds.
        fold_count: for oof; for holdout the number of cuts, as far as the rarest class has groups for them.
        holdout: for holdout, the fraction of rows that no member learns from.
        seed: of the draw.
        classes: the names, for errors.

    Raises:
        PipelineError: a class has too few groups, or this draw leaves a fit without one of the classes.
    """
    everything = np.arange(len(labels))
    nothing = np.empty(0, dtype=np.int64)
    if fit_on == "train":
        return Plan([], Fold(everything, everything), np.full(len(labels), -1))
    if fit_on == "holdout":
        _require_groups(labels, groups, 2, "stacking.fit_on: holdout needs 2", classes)
        held = draw_rows(labels, groups, holdout, seed)
        final = Fold(np.setdiff1d(everything, held), held)
        _require_held_out(labels, final, holdout, seed, classes)
        return Plan([], final, cut_rows(labels[held], groups[held], fold_count, seed))
    _require_groups(labels, groups, fold_count, f"stacking.folds: {fold_count} folds need as many", classes)
    cuts = cut_rows(labels, groups, fold_count, seed)
    folds = _fold_rows(cuts, everything)
    _require_learnt(labels, folds, seed, classes)
    return Plan(folds, Fold(everything, nothing), cuts)


def plan_tuning(plan: Plan, labels: np.ndarray, groups: np.ndarray, fold_count: int, seed: int) -> list[Fold]:
    """Folds of the rows that the final fit learns, to choose a setting by before it: those of `plan`, if it has some.

    Args:
        plan: what `plan_fits` gave for the other arguments.
        labels: int64, (n,), of the train split.
        groups: int64, (n,); duplicates share a group.
        fold_count: how many, as far as the rarest class has groups for them.
        seed: of the draw.
    """
    rows = plan.final.learn
    return plan.folds or _fold_rows(cut_rows(labels[rows], groups[rows], fold_count, seed), rows)


def _fold_rows(cuts: np.ndarray, rows: np.ndarray) -> list[Fold]:
    """A fold a cut: the other rows to learn from, its own to predict."""
    return [Fold(rows[cuts != number], rows[cuts == number]) for number in range(cuts.max() + 1)]


def cut_rows(labels: np.ndarray, groups: np.ndarray, count: int, seed: int) -> np.ndarray:
    """Cut rows into parts, stratified, in whole groups: `count`, or as many as the rarest class has groups, but two.

    Args:
        labels: int64, (m,).
        groups: int64, (m,); duplicates share a group.
        count: 2 or more.
        seed: of the draw.

    Returns:
        Int64, (m,): 0, 1, ... for the part that each row belongs to.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if np.bincount(labels).max() < 2:  # a photo a class: there is nothing to stratify
        return np.asarray(np.unique(groups, return_inverse=True)[1] % 2)
    fewest = min(len(np.unique(groups[labels == label])) for label in np.unique(labels))
    splitter = StratifiedGroupKFold(max(2, min(count, fewest)), shuffle=True, random_state=seed)
    cuts = np.empty(len(labels), np.int64)
    with warnings.catch_warnings():
        # a class of one group is in one part alone, and said to be too rare
        warnings.filterwarnings("ignore", "The least populated class", UserWarning)
        for number, (_, rows) in enumerate(splitter.split(labels, labels, groups)):
            cuts[rows] = number
    return cuts


def _require_groups(labels: np.ndarray, groups: np.ndarray, wanted: int, need: str, classes: Sequence[str]) -> None:
    counts = {int(label): len(np.unique(groups[labels == label])) for label in np.unique(labels)}
    short = {label: count for label, count in counts.items() if count < wanted}
    if not short:
        return
    fewest = min(short.values())
    ways = ["add images"]
    if fewest > 1:
        ways += [f"lower stacking.folds to {fewest}", "set `stacking.fit_on: holdout`, which needs 2"]
    else:
        ways += ["remove the class", "set `stacking.fit_on: train`, for a comparison, as it leaks"]
    counted = _name([f"{classes[label]} {count}" for label, count in short.items()])
    raise PipelineError(
        f"{need} different training images of every class (duplicates count once), but there are of {counted}: "
        f"{', '.join(ways[:-1])}, or {ways[-1]}"
    )


def _require_learnt(labels: np.ndarray, folds: list[Fold], seed: int, classes: Sequence[str]) -> None:
    """Groups that hold several classes can lie so that one fold takes all that there is of a class."""
    for number, fold in enumerate(folds):
        missing = np.setdiff1d(labels, labels[fold.learn])
        if len(missing):
            raise PipelineError(
                f"stacking.seed: with {seed}, fold {number} of {len(folds)} takes every training image of "
                f"{_name([classes[label] for label in missing])}, so its fit would learn none (groups of duplicates "
                "hold images of several classes): set another stacking.seed or stacking.folds, or lower "
                "data.near_duplicates"
            )


def _require_held_out(labels: np.ndarray, final: Fold, holdout: float, seed: int, classes: Sequence[str]) -> None:
    """A draw in whole groups can take all of a class, or, where groups hold several classes, nothing of it."""
    for rows, who, change in ((final.learn, "the members", "lower"), (final.predict, "the meta-model", "raise")):
        missing = np.setdiff1d(labels, labels[rows])
        if len(missing):
            raise PipelineError(
                f"stacking.holdout: {holdout} with stacking.seed {seed} leaves {who} no training image of "
                f"{_name([classes[label] for label in missing])}: {change} stacking.holdout, set another "
                "stacking.seed, or set `stacking.fit_on: oof`"
            )


def _name(items: list[str]) -> str:
    more = f" and {len(items) - NAMED} more" if len(items) > NAMED else ""
    return ", ".join(items[:NAMED]) + more
