"""Simple ways to combine members, which a stacked meta-model has to beat: pure functions, no network.

Each learns, where it learns at all, from the predictions that the meta-model learns from.
"""

from collections.abc import Mapping

import numpy as np
from sklearn.linear_model import LogisticRegression

from stacker.artifacts.errors import PipelineError

GREEDY_ROUNDS = 100
SMALLEST_PROBABILITY = 1e-7  # float32 sigmoids saturate at 1 - 6e-8; a logit needs a bound


def combine_mean(test: Mapping[str, np.ndarray]) -> np.ndarray:
    """The unweighted mean of the members' probabilities.

    Args:
        test: by member, float64, (n, k), rows sum to 1.

    Returns:
        Float64, (n, k).
    """
    mean: np.ndarray = np.mean(list(test.values()), axis=0)
    return mean


def combine_weighted(test: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """The mean of the members' probabilities under `weights`, which sum to 1; shapes as in `combine_mean`."""
    total: np.ndarray = np.sum([weights[member] * test[member] for member in weights], axis=0)
    return total


def choose_greedy_weights(
    held_out: Mapping[str, np.ndarray], labels: np.ndarray, rounds: int = GREEDY_ROUNDS
) -> dict[str, float]:
    """Weights by forward selection with replacement.

    Every round adds the member whose vote lowers the log loss of the mean most; the round with the lowest loss wins. Of
    equals, the first in the order of `held_out` is taken.
    Source: Caruana et al., "Ensemble selection from libraries of models", 2004, without their bagging.

    Args:
        held_out: by member, float64, (n, k), rows sum to 1.
        labels: int64, (n,).
        rounds: votes to give out at most.

    Returns:
        By member, a weight of at least 0; they sum to 1.
    """
    rows = np.arange(len(labels))
    # The log loss of a mean needs the probability of the true class alone.
    of_truth = np.stack([probabilities[rows, labels] for probabilities in held_out.values()])
    total = np.zeros(len(labels))
    votes: list[int] = []
    losses: list[float] = []
    for number in range(1, rounds + 1):
        means = np.clip((total + of_truth) / number, np.finfo(np.float64).eps, 1)
        candidates = -np.log(means).mean(axis=1)
        votes.append(int(candidates.argmin()))
        losses.append(float(candidates.min()))
        total += of_truth[votes[-1]]
    best = int(np.argmin(losses)) + 1
    counts = np.bincount(votes[:best], minlength=len(held_out))
    return {member: float(count / best) for member, count in zip(held_out, counts, strict=True)}


def combine_logistic(
    held_out: Mapping[str, np.ndarray], labels: np.ndarray, test: Mapping[str, np.ndarray]
) -> np.ndarray:
    """Logistic regression on the members' logits, with scikit-learn's default penalty (L2, C = 1).

    Args:
        held_out: by member, float64, (m, k), rows sum to 1: what it learns from.
        labels: int64, (m,).
        test: by member, float64, (n, k).

    Returns:
        Float64, (n, k). A class that no held-out row has gets a probability of 0.

    Raises:
        PipelineError: all held-out rows are of one class.
    """
    if len(np.unique(labels)) < 2:
        raise PipelineError(
            f"the {len(labels)} held-out rows are all of one class, and logistic regression needs two: "
            "raise stacking.holdout, or add training images"
        )
    model = LogisticRegression(max_iter=10_000)
    model.fit(_stack_logits(held_out), labels)
    probabilities = np.zeros_like(next(iter(test.values())))
    probabilities[:, model.classes_] = model.predict_proba(_stack_logits({member: test[member] for member in held_out}))
    return probabilities


def _stack_logits(predictions: Mapping[str, np.ndarray]) -> np.ndarray:
    """Features: a member's log odds for two classes, its log probabilities for more."""
    columns = []
    for probabilities in predictions.values():
        logs = np.log(np.clip(probabilities, SMALLEST_PROBABILITY, 1 - SMALLEST_PROBABILITY))
        columns.append(logs[:, 1:] - logs[:, :1] if logs.shape[1] == 2 else logs)
    return np.hstack(columns)
