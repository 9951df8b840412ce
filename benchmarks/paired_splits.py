"""One random split after another of kept features: the members' heads, and every way to combine them, on the same rows.

It is what `stacker.ensembles.procedure` does, with two savings: the heads' penalty is found once for all splits of a
cell, and nothing is held out from the rivals, whose held-out scores are not asked for.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import Predictions
from stacker.ensembles.adam_fit import fit_by_adam
from stacker.ensembles.baselines import build_baselines
from stacker.ensembles.held_out_rows import HeldOutRows, Logits, gather_held_out
from stacker.ensembles.meta_fitting import Watched, fit_meta_model
from stacker.ensembles.meta_weights import apply_meta_weights
from stacker.ensembles.ordering import order_members
from stacker.ensembles.procedure import Pool
from stacker.scoring.significance import compute_log_losses
from stacker.settings.meta_models import AdamMetaModel, PenalisedMetaModel
from stacker.splits.held_out import Plan, plan_fits
from stacker.splits.splitting import draw_rows
from stacker.training.linear_fits import fit_strengths, tune_strength

FOLDS = 5
COMBINATIONS = ("mean", "geometric_mean", "weights", "greedy", "logistic")
RIVALS = (*COMBINATIONS, "best member", "features", "old")
WATCHED = 32  # rows for the learning curves that nobody looks at here


class Split(NamedTuple):
    """One draw: what is learnt from, and what is tested.

    Attributes:
        plan: of the fits on `learnt`.
    """

    learnt: Pool
    test: Pool
    plan: Plan


class Score(NamedTuple):
    """On the rows that are tested."""

    accuracy: float
    log_loss: float


def draw_split(pool: Pool, rows: int, seed: int, wrong: float) -> Split:
    """Draw about `rows` rows to learn from, stratified, duplicates together; a share `wrong` gets another label."""
    drawn = draw_rows(pool.labels, pool.groups, rows / len(pool.labels), seed)
    learnt = pool.take(drawn)
    learnt = learnt._replace(labels=mislabel(learnt.labels, len(pool.classes), wrong, seed))
    plan = plan_fits("oof", learnt.labels, learnt.groups, FOLDS, 0.2, 0, pool.classes)
    return Split(learnt, pool.take(np.setdiff1d(np.arange(len(pool.labels)), drawn)), plan)


def mislabel(labels: np.ndarray, classes: int, share: float, seed: int) -> np.ndarray:
    """Give a share of the rows another class, any of the others; int64, (n,), as `labels`."""
    generator = np.random.default_rng([seed, 1])
    rows = generator.choice(len(labels), round(share * len(labels)), replace=False)
    changed = labels.copy()
    changed[rows] = (labels[rows] + generator.integers(1, classes, len(rows))) % classes
    return changed


def find_strength(features: np.ndarray, split: Split) -> float:
    """The `C` of one head on features of the learnt rows, float32, (n, f), that the folds choose."""
    tuning = tune_strength(features, split.learnt.labels, split.plan.folds, is_balanced=False)
    return tuning.strengths[tuning.best]


def stack_features(pool: Pool) -> np.ndarray:
    """The features of all members side by side, float32, (n, f)."""
    return np.hstack(list(pool.features.values()))


def predict_member(split: Split, label: str, strength: float) -> Predictions:
    """A member's logits of the test rows, and out-of-fold of the learnt ones; it has no other rows here."""
    features, labels, plan = split.learnt.features[label], split.learnt.labels, split.plan

    def fit_and_predict(rows: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        (head,) = fit_strengths(features, labels, rows, (strength,), is_balanced=False)
        return head.predict(wanted).astype(np.float32)

    test = fit_and_predict(plan.final.learn, split.test.features[label])
    held_out = np.empty((len(labels), test.shape[1]), np.float32)
    for fold in plan.folds:
        held_out[fold.predict] = fit_and_predict(fold.learn, features[fold.predict])
    rows, nothing = np.arange(len(labels)), np.empty((0, test.shape[1]), np.float32)
    return Predictions(nothing, nothing, test, held_out, rows, plan.cuts, nothing, np.array(False))


def predict_fused(split: Split, strength: float) -> np.ndarray:
    """Probabilities of the test rows by one head on all features, float64, (n, classes)."""
    features = stack_features(split.learnt)
    (head,) = fit_strengths(features, split.learnt.labels, split.plan.final.learn, (strength,), is_balanced=False)
    return spread_classes(head.predict(stack_features(split.test)).astype(np.float32))


def combine(split: Split, predictions: Mapping[str, Predictions]) -> tuple[dict[str, np.ndarray], float]:
    """Every way to combine the members.

    Args:
        split: what was drawn.
        predictions: by member.

    Returns:
        By "new" and the name of the rival, probabilities of the test rows, float64, (n, classes); and how far the
        hidden units of the new meta-model may go, 0 for none.
    """
    labels, classes = split.learnt.labels, split.learnt.classes
    predictions = {label: predictions[label] for label in order_members(predictions, labels)}
    held_out = gather_held_out(predictions, labels, split.learnt.groups)
    test = {label: member.test for label, member in predictions.items()}
    answers = {baseline.name: baseline.test for baseline in build_baselines(predictions, held_out, classes)}
    del answers["most_frequent"]
    answers["best member"] = spread_classes(next(iter(test.values())))
    few = held_out.take(np.arange(WATCHED))
    fitted = fit_meta_model(held_out, Watched(few.logits, few.labels), len(classes), PenalisedMetaModel())
    answers["new"] = spread_classes(apply_meta_weights(fitted.weights, test))
    answers["old"] = predict_by_old(held_out, few, len(classes), test)
    return answers, fitted.spread


def predict_by_old(held_out: HeldOutRows, watched: HeldOutRows, class_count: int, test: Logits) -> np.ndarray:
    """Probabilities by the meta-model of `fit: adam`, by its defaults, float64, (n, classes)."""
    weights, _ = fit_by_adam(held_out, watched.logits, watched.labels, class_count, AdamMetaModel(fit="adam"))
    return spread_classes(apply_meta_weights(weights, test))


def score(labels: np.ndarray, probabilities: np.ndarray) -> Score:
    """Score probabilities, float64, (n, classes), against labels, int64, (n,)."""
    accuracy = float((probabilities.argmax(axis=1) == labels).mean())
    return Score(accuracy, float(compute_log_losses(labels, probabilities).mean()))


def measure_difference(first: Sequence[float], second: Sequence[float]) -> tuple[float, float]:
    """The mean of the paired differences, and its standard error over the splits."""
    differences = np.subtract(first, second)
    return float(differences.mean()), float(differences.std(ddof=1) / np.sqrt(len(differences)))
