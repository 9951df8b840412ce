"""Which photos without a label would teach most: pure functions, no network.

Those on which the members disagree (query by committee: Seung, Opper and Sompolinsky, 1992), spread over the space of
their features, as fifty photos of one kind teach little more than one.
"""

from collections.abc import Mapping

import numpy as np

CANDIDATES = 10  # for each photo that is wanted: those on which the members disagree less are not looked at


def measure_disagreement(members: Mapping[str, np.ndarray]) -> np.ndarray:
    """How much the members' answers differ: the Jensen-Shannon divergence of their probabilities, in nats.

    It is the entropy of their mean, less the mean of their entropies (Lin, "Divergence measures based on the Shannon
    entropy", 1991): 0 where all say the same, however unsure; at most the logarithm of the number of members.

    Args:
        members: by label, probabilities, float64, (n, k), rows sum to 1.

    Returns:
        Float64, (n,).
    """
    answers = np.stack(list(members.values()))
    divergence = _compute_entropy(answers.mean(axis=0)) - _compute_entropy(answers).mean(axis=0)
    return np.asarray(np.maximum(divergence, 0))  # rounding may take it below


def join_space(features: Mapping[str, np.ndarray]) -> np.ndarray:
    """The members' features side by side, to measure distances in, float32, (n, f).

    Each feature is brought to variance 1, and each member counts the same, however many features it has.

    Args:
        features: by member, float32, (n, f).
    """
    parts = []
    for values in features.values():
        if not len(values):
            parts.append(values)
            continue
        deviation = values.std(axis=0, dtype=np.float64)
        varies = deviation > 1e-6 * np.abs(values).max(axis=0, initial=0)  # by more than rounding
        scale = np.where(varies, 1 / np.where(varies, deviation, 1), 0) / np.sqrt(max(1, varies.sum()))
        parts.append(((values - values.mean(axis=0, dtype=np.float64)) * scale).astype(np.float32))
    return np.hstack(parts)


def choose_next(disagreement: np.ndarray, space: np.ndarray, count: int) -> np.ndarray:
    """The photos to label next, one after the other.

    The first is the one on which the members disagree most; then always the one with the largest product of its
    disagreement and its squared distance to the nearest that is chosen. That is the draw of k-means++ with weights
    (Arthur and Vassilvitskii, 2007), as BADGE makes it (Ash et al., 2020), without its chance: the likeliest is taken.

    Args:
        disagreement: float64, (n,), at least 0.
        space: float32, (n, f), distances in which mean unlikeness.
        count: how many are wanted.

    Returns:
        Int64, (at most `count`,): fewer where all others are copies of these, or of no disagreement at all.
    """
    chosen: list[int] = []
    distances = np.full(len(disagreement), np.inf)
    gains = disagreement
    while len(chosen) < min(count, len(disagreement)):
        row = int(np.argmax(gains))
        if not gains[row] > 0:
            break
        chosen.append(row)
        distances = np.minimum(distances, ((space - space[row]) ** 2).sum(axis=1, dtype=np.float64))
        gains = disagreement * distances
    return np.array(chosen, np.int64)


def _compute_entropy(probabilities: np.ndarray) -> np.ndarray:
    """In nats, over the last axis."""
    logs = np.log(np.where(probabilities > 0, probabilities, 1))
    return np.asarray(-(probabilities * logs).sum(axis=-1))
