"""Which photos without a label would teach most: pure functions, no network.

Those on which the members' votes are spread over the classes (query by committee: Seung, Opper and Sompolinsky, 1992),
spread in their turn over the space of the members' features, as fifty photos of one kind teach little more than one.
"""

from collections.abc import Mapping

import numpy as np


def measure_vote_entropy(members: Mapping[str, np.ndarray]) -> np.ndarray:
    """How far the members' votes are spread over the classes: the entropy of their mean, in nats.

    It is large where members contradict one another, and where each is unsure ("soft vote entropy": Settles, "Active
    learning literature survey", 2009, section 3.2).

    Args:
        members: by label, probabilities, float64, (n, k), rows sum to 1.

    Returns:
        Float64, (n,), from 0 to the logarithm of k.
    """
    votes = np.mean(list(members.values()), axis=0)
    return np.asarray(-(votes * np.log(np.where(votes > 0, votes, 1))).sum(axis=1))


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


def choose_next(weights: np.ndarray, space: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """The photos to label next, one after the other.

    The first is the one with the largest weight; then each is drawn with a chance that is the product of its weight and
    its squared distance to the nearest that is chosen: k-means++ with weights (Arthur and Vassilvitskii, 2007), as in
    BADGE (Ash et al., 2020). Always to take the largest would choose odd photos alone, from which members learn to be
    unsure of all others: the log loss rises (`benchmarks/RESULTS.md`).

    Args:
        weights: how much each photo is wanted, float64, (n,), at least 0.
        space: float32, (n, f), distances in which mean unlikeness.
        count: how many are wanted.
        seed: of the draws: the same photos are chosen each time.

    Returns:
        Int64, (at most `count`,): fewer where all others are copies of these, or of no weight.
    """
    generator = np.random.default_rng(seed)
    chosen: list[int] = []
    distances = np.full(len(weights), np.inf)
    while len(chosen) < min(count, len(weights)):
        gains = weights * distances if chosen else weights
        if not gains.any():
            break
        row = int(generator.choice(len(gains), p=gains / gains.sum())) if chosen else int(np.argmax(gains))
        chosen.append(row)
        differences = space - space[row]
        distances = np.minimum(distances, np.einsum("ij,ij->i", differences, differences, dtype=np.float64))
    return np.array(chosen, np.int64)
