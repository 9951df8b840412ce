"""Heads without hidden layers at their one best solution: logistic regression on standardised features, in float64.

A convex loss has one minimum, so that no seed, no epoch and no kernel's rounding decides what a head becomes. The L2
penalty, with scikit-learn's `C`, is on standardised features. It does not see a rotation: where features far outnumber
rows the fit runs in the space that the rows span, and what it finds is the same (Hastie and Tibshirani, "Efficient
quadratic regularization for expression arrays", 2004).
"""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from scipy.linalg import lapack, qr
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from stacker.artifacts.progress import open_progress
from stacker.artifacts.row_blocks import cut_blocks
from stacker.splits.held_out import Fold
from stacker.training.class_weights import compute_class_weights
from stacker.training.logit_losses import compute_losses
from stacker.training.moments import compute_scale
from stacker.training.side_by_side import run_side_by_side

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
        blocks = (features[block] for block in cut_blocks(*features.shape))
        scaled = ((block.astype(np.float64) - self.mean) / self.deviation for block in blocks)
        with threadpool_limits(limits=1):  # another number of threads rounds otherwise
            return np.concatenate([block @ self.kernel + self.bias for block in scaled])


class Tuning(NamedTuple):
    """What the folds say of the strengths.

    Attributes:
        strengths: those that were tried, the strongest penalty first.
        losses: of each the log loss on the folds' held-out rows.
    """

    strengths: tuple[float, ...]
    losses: tuple[float, ...]

    @property
    def best(self) -> int:
        """Which strength has the lowest loss."""
        return int(np.argmin(self.losses))


def tune_strength(features: np.ndarray, labels: np.ndarray, folds: Sequence[Fold], is_balanced: bool) -> Tuning:
    """Try one strength after the other on every fold, until the loss of all folds together has had its minimum.

    Args:
        features: float32, (n, f), may be memory-mapped.
        labels: int64, (n,).
        folds: rows to learn, with all classes, and to predict.
        is_balanced: shall every class count the same?
    """
    rows = np.concatenate([fold.predict for fold in folds])
    weights = np.zeros(len(labels))
    weights[rows] = compute_class_weights(labels[rows]) if is_balanced else 1.0
    losses: list[float] = []
    most = len(STRENGTHS) * len(folds)
    with threadpool_limits(limits=1), open_progress("choosing the penalty", most, "fits at most") as bar:
        fits = _start_fits(features, labels, [fold.learn for fold in folds], is_balanced, COARSE)

        def judge(number: int, strength: float) -> float:
            kept = folds[number].predict
            logits = fits[number].take(strength).predict(features[kept])
            bar.update()
            return float(weights[kept] @ compute_losses(logits, labels[kept])[0])

        for strength in STRENGTHS:
            judged = partial(judge, strength=strength)
            losses.append(sum(run_side_by_side(judged, range(len(folds)), fits[0].memory)) / len(rows))
            if len(losses) - 1 - int(np.argmin(losses)) >= PATIENCE:
                break
    return Tuning(STRENGTHS[: len(losses)], tuple(losses))


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
    return list(follow_strengths(features, labels, rows, strengths, is_balanced))


def follow_strengths(
    features: np.ndarray, labels: np.ndarray, rows: np.ndarray, strengths: Sequence[float], is_balanced: bool
) -> Iterator[LinearHead]:
    """The heads that `fit_strengths` gives, each fitted when it is asked for, from where the last one ended."""
    with threadpool_limits(limits=1):  # of small steps two threads also take longer than one
        fit = _Fit(features, labels, rows, is_balanced, TOLERANCE)
        for strength in strengths:
            yield fit.take(strength)


def fit_folds(
    features: np.ndarray, labels: np.ndarray, learnt: Sequence[np.ndarray], strength: float, is_balanced: bool
) -> list[LinearHead]:
    """The heads of one strength on several selections of rows, each at its optimum; arguments as in `fit_strengths`."""
    with threadpool_limits(limits=1):
        fits = _start_fits(features, labels, learnt, is_balanced, TOLERANCE)
        return run_side_by_side(lambda fit: fit.take(strength), fits, fits[0].memory)


def _start_fits(
    features: np.ndarray, labels: np.ndarray, learnt: Sequence[np.ndarray], is_balanced: bool, tolerance: float
) -> "list[_Fit]":
    def start(rows: np.ndarray) -> _Fit:
        return _Fit(features, labels, rows, is_balanced, tolerance)

    return run_side_by_side(start, learnt, 8 * features.shape[1] * max(map(len, learnt)))


class _Fit:
    """Fits of the same rows, each from where the last one ended; arguments as in `fit_strengths`.

    Where rows are few, their rotation is kept, as the reflections that make it up: it is applied to one vector a class,
    and to form the matrix would take as long again. Scaled features are not kept: made anew each time, which costs
    little beside a fit, those of all folds take the memory of those that run at once.
    """

    def __init__(
        self, features: np.ndarray, labels: np.ndarray, rows: np.ndarray, is_balanced: bool, tolerance: float
    ) -> None:
        self.features, self.rows, self.labels = features, rows, labels[rows]
        self.mean, self.deviation = compute_scale(features, rows)
        self.weights = compute_class_weights(self.labels) if is_balanced else None
        self.model = LogisticRegression(tol=tolerance, max_iter=MOST_ITERATIONS, warm_start=True)
        self.memory = 8 * len(rows) * features.shape[1]
        self.rotation: tuple[np.ndarray, np.ndarray] | None = None
        self.rotated: np.ndarray | None = None
        if features.shape[1] > ROTATED_FROM * len(rows):
            self.rotation, triangle = qr(self._scale().T, mode="raw", overwrite_a=True, check_finite=False)
            self.rotated = np.ascontiguousarray(triangle.T)

    def take(self, strength: float) -> LinearHead:
        """The head of one strength."""
        values = self._scale() if self.rotated is None else self.rotated
        self.model.set_params(C=strength).fit(values, self.labels, sample_weight=self.weights)
        kernel = self.model.coef_.T.copy() if self.rotation is None else self._turn_back(*self.rotation)
        return LinearHead(self.mean, self.deviation, kernel, self.model.intercept_.copy())

    def _turn_back(self, reflections: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """The kernel that was found among the rotated features, among the features."""
        found = self.model.coef_.T
        padded = np.zeros((len(reflections), found.shape[1]), order="F")
        padded[: len(found)] = found
        kernel: np.ndarray = lapack.dormqr("L", "N", reflections, factors, padded, lwork=64 * found.shape[1])[0]
        return kernel

    def _scale(self) -> np.ndarray:
        scaled = np.empty((len(self.rows), self.features.shape[1]))  # can be hundreds of MiB: no second one beside it
        for block in cut_blocks(*scaled.shape):
            np.subtract(self.features[self.rows[block]], self.mean, out=scaled[block])
            scaled[block] /= self.deviation
        return scaled
