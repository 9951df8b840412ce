"""Simple ways to combine members, which a stacked meta-model has to beat: pure functions, no network.

Each learns, where it learns at all, from the rows that the meta-model learns from.
"""

from collections.abc import Callable, Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from stacker.artifacts.logits import spread_classes, spread_logits
from stacker.ensembles.held_out_rows import HeldOutRows, Logits
from stacker.ensembles.penalised import Fit, fit_penalised

GREEDY_ROUNDS = 100
FREE_SPREAD = 1.0  # of one weight a member around the mean's
FEW_CLASSES = 10
LARGEST_LOGIT = 16.0  # a member that is surer than its training could show pulls the logistic regression no further

Predictor = Callable[[Logits], np.ndarray]  # from the members' logits of n rows to probabilities, float64, (n, k)


def combine_mean(logits: Logits) -> np.ndarray:
    """The unweighted mean of the members' probabilities.

    Args:
        logits: by member, float32, (n, 1) or (n, k).

    Returns:
        Float64, (n, k).
    """
    mean: np.ndarray = np.mean([spread_classes(values) for values in logits.values()], axis=0)
    return mean


def combine_geometric(logits: Logits) -> np.ndarray:
    """The members' geometric mean, which is the mean of their logits; shapes as in `combine_mean`."""
    return spread_classes(np.mean([spread_logits(values) for values in logits.values()], axis=0))


def combine_weighted(logits: Logits, weights: Mapping[str, float]) -> np.ndarray:
    """The mean of the members' probabilities under `weights`, which sum to 1; shapes as in `combine_mean`."""
    total: np.ndarray = np.sum([weights[member] * spread_classes(logits[member]) for member in weights], axis=0)
    return total


def choose_greedy_weights(held_out: HeldOutRows, rounds: int = GREEDY_ROUNDS) -> dict[str, float]:
    """Weights by forward selection with replacement.

    Every round adds the member whose vote lowers the log loss of the mean most; the round with the lowest loss wins. Of
    equals, the first in the order of `held_out` is taken.
    Source: Caruana et al., "Ensemble selection from libraries of models", 2004, without their bagging.

    Args:
        held_out: the rows to learn from.
        rounds: votes to give out at most.

    Returns:
        By member, a weight of at least 0; they sum to 1.
    """
    labels = held_out.labels
    rows = np.arange(len(labels))
    # The log loss of a mean needs the probability of the true class alone.
    of_truth = np.stack([spread_classes(values)[rows, labels] for values in held_out.logits.values()])
    shares = held_out.weights / len(labels)
    total = np.zeros(len(labels))
    votes: list[int] = []
    losses: list[float] = []
    for number in range(1, rounds + 1):
        means = np.clip((total + of_truth) / number, np.finfo(np.float64).eps, 1)
        candidates = -np.log(means) @ shares
        votes.append(int(candidates.argmin()))
        losses.append(float(candidates.min()))
        total += of_truth[votes[-1]]
    best = int(np.argmin(losses)) + 1
    counts = np.bincount(votes[:best], minlength=len(held_out.logits))
    return {member: float(count / best) for member, count in zip(held_out.logits, counts, strict=True)}


def fit_member_weights(held_out: HeldOutRows) -> Fit:
    """One weight a member on its logits, for all classes, and a shift a class: a penalised meta-model without units.

    It may go further from the mean than an ensemble by its default setting.
    """
    return fit_penalised(held_out, hidden=0, spread=0.0, weight_spread=FREE_SPREAD, seed=0)


def fit_logistic(held_out: HeldOutRows, class_count: int) -> Predictor:
    """Logistic regression on the members' logits, with scikit-learn's default penalty (L2, C = 1).

    Args:
        held_out: the rows to learn from.
        class_count: number of classes; one that no row has gets a probability of 0. Where the rows have one class
            alone, as a cut of few rows may, there is nothing to learn, and that one is sure.
    """
    labels = held_out.labels
    if len(np.unique(labels)) < 2:
        return fit_prior(held_out, class_count)
    # of many classes a finer tolerance takes up to 20 times as long, and is no better on fresh rows
    model = LogisticRegression(
        max_iter=10_000, tol=1e-4 if class_count <= FEW_CLASSES else min(1e-3, 0.1 / class_count)
    )
    with threadpool_limits(limits=1):  # another number of threads rounds otherwise
        model.fit(_stack_logits(held_out.logits), labels, sample_weight=held_out.weights)

    def predict(logits: Logits) -> np.ndarray:
        features = _stack_logits({member: logits[member] for member in held_out.logits})
        probabilities = np.zeros((len(features), class_count))
        probabilities[:, model.classes_] = model.predict_proba(features)
        return probabilities

    return predict


def fit_prior(held_out: HeldOutRows, class_count: int) -> Predictor:
    """Always the most frequent class: every row gets the classes' shares, float64, (n, k). What a score is worth."""
    shares = np.bincount(held_out.labels, minlength=class_count) / len(held_out.labels)
    return lambda logits: np.tile(shares, (len(next(iter(logits.values()))), 1))


def _stack_logits(logits: Logits) -> np.ndarray:
    """Features: a member's log odds for two classes, its log probabilities less their mean for more."""
    columns = []
    for values in logits.values():
        spread = spread_logits(values)
        if spread.shape[1] > 1:
            spread = spread - spread.mean(axis=1, keepdims=True)
        columns.append(np.clip(spread, -LARGEST_LOGIT, LARGEST_LOGIT))
    return np.hstack(columns)
