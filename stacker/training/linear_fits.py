"""Heads without hidden layers at their one best solution: logistic regression on standardised features, in float64.

A convex loss has one minimum, so that no seed, no epoch and no kernel's rounding decides what a head becomes. The L2
penalty, with scikit-learn's `C`, is on standardised features. It does not see a rotation: where features far outnumber
rows the fit runs in the space that the rows span, and what it finds is the same (Hastie and Tibshirani, "Efficient
quadratic regularization for expression arrays", 2004).
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.linalg import qr
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from stacker.splits.held_out import Fold
from stacker.training.class_weights import compute_class_weights
from stacker.training.logit_losses import compute_losses
from stacker.training.moments import BLOCK_VALUES, compute_scale

STRENGTHS = tuple(10 ** (number / 2) for number in range(-10, 3))  # of `C`: from 0.00001 to 10
PATIENCE = 2  # strengths after the best one, before weaker penalties are given up: they cost most
TOLERANCE = 1e-8  # of the gradient of the mean loss: then two CPUs agree to 1e-6
COARSE = 1e-5  # likewise, to compare strengths by losses that differ in the third digit
ROTATED_FROM = 2.0  # features a row: a rotation costs as much as many steps, and has to shorten them much
MOST_ITERATIONS = 20_000
MOST_VALUES = 100_000_000  # rows x features x classes: beyond, a head takes minutes to its optimum


class LinearHead(NamedTuple):
    """A head that is one layer on standardised features; all arrays float64.

    Attributes:
        mean: (f,), that is taken from the features.
        deviation: (f,), by which they are divided then.
        kernel: (f, 1), to the log odds of the second class, or (f, classes).
        bias: (1,) or (classes,).
    """

    mean: np.ndarray
    deviation: np.ndarray
    kernel: np.ndarray
    bias: np.ndarray

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Logits, float64, (n, 1) or (n, classes), from features, float32, (n, f), which may lie on disk."""
        step = max(1, BLOCK_VALUES // features.shape[1])
        blocks = (features[start : start + step] for start in range(0, len(features), step))
        scaled = ((block.astype(np.float64) - self.mean) / self.deviation for block in blocks)
        with threadpool_limits(limits=1):  # another number of threads rounds otherwise
            parts = [block @ self.kernel + self.bias for block in scaled]
        return np.concatenate([np.empty((0, len(self.bias))), *parts])


class Tuning(NamedTuple):
    """What the folds say of the strengths.

    Attributes:
        strengths: those that were tried on all folds, the strongest penalty first.
        losses: of each the log loss on the folds' held-out rows.
    """

    strengths: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def best(self) -> int:
        """Which strength has the lowest loss."""
        return int(np.argmin(self.losses))


def tune_strength(features: np.ndarray, labels: np.ndarray, folds: Sequence[Fold], is_balanced: bool) -> Tuning:
    """Try all strengths on every fold, a fold at a time, so that one copy of the features is enough.

    A fold gives up once its own loss has had its minimum; the strengths that all folds have tried are compared.

    Args:
        features: float32, (n, f), may be memory-mapped.
        labels: int64, (n,).
        folds: rows to learn, with all classes, and to predict.
        is_balanced: shall every class count the same?
    """
    sums: list[list[float]] = []
    weights = np.zeros(len(labels))
    rows = np.concatenate([fold.predict for fold in folds])
    weights[rows] = compute_class_weights(labels[rows]) if is_balanced else 1.0
    with threadpool_limits(limits=1):
        for fold in folds:
            heads = _follow(features, labels, fold.learn, STRENGTHS, is_balanced, COARSE)
            sums.append(
                _measure(heads, np.asarray(features[fold.predict]), labels[fold.predict], weights[fold.predict])
            )
    shared = min(map(len, sums))
    totals = np.sum([seen[:shared] for seen in sums], axis=0) / len(rows)
    return Tuning(STRENGTHS[:shared], tuple(float(total) for total in totals))


def _measure(heads: Iterator[LinearHead], held_out: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> list[float]:
    """The summed loss of each head on a fold's held-out rows, as far as it pays to look."""
    seen: list[float] = []
    for head in heads:
        losses, _ = compute_losses(head.predict(held_out), labels)
        seen.append(float(weights @ losses))
        if len(seen) - 1 - int(np.argmin(seen)) >= PATIENCE:
            break
    return seen


def fit_strengths(
    features: np.ndarray, labels: np.ndarray, rows: np.ndarray, strengths: Sequence[float], is_balanced: bool
) -> list[LinearHead]:
    """The heads of several strengths, each at its optimum.

    Args:
        features: float32, (n, f), may be memory-mapped.
        labels: int64, (n,).
        rows: int64, (m,), of both, to learn from: all classes.
        strengths: of the fit against the penalty, scikit-learn's `C`, rising.
        is_balanced: shall every class count the same?
    """
    with threadpool_limits(limits=1):  # of small steps two threads also take longer than one
        return list(_follow(features, labels, rows, strengths, is_balanced, TOLERANCE))


def _follow(
    features: np.ndarray,
    labels: np.ndarray,
    rows: np.ndarray,
    strengths: Sequence[float],
    is_balanced: bool,
    tolerance: float,
) -> Iterator[LinearHead]:
    """The heads of several strengths, each fitted from where the last one ended; arguments as in `fit_strengths`."""
    mean, deviation = compute_scale(features, rows)
    scaled = features[rows].astype(np.float64)
    scaled -= mean  # in place: these can be hundreds of MiB
    scaled /= deviation
    rotation = None
    if scaled.shape[1] > ROTATED_FROM * len(rows):
        rotation, triangle = qr(scaled.T, mode="economic", overwrite_a=True, check_finite=False)
        scaled = np.ascontiguousarray(triangle.T)
    weights = compute_class_weights(labels[rows]) if is_balanced else None
    model = LogisticRegression(tol=tolerance, max_iter=MOST_ITERATIONS, warm_start=True)
    for strength in strengths:
        model.set_params(C=strength).fit(scaled, labels[rows], sample_weight=weights)
        kernel = model.coef_.T if rotation is None else rotation @ model.coef_.T
        yield LinearHead(mean, deviation, kernel.copy(), model.intercept_.copy())
