"""Classes that have few photos, and classes that are taken for one another: pure functions."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

FEWEST = 20  # photos to learn a class from, copies counted once
LEAST_OF_MEDIAN = 0.2  # of the photos that the median class has
LEAST_SHARE, LEAST_COUNT = 0.05, 5  # of a class's photos, for it to count as confused


class Thin(NamedTuple):
    """A class with few photos in the train split: `photos`, of which `groups` are no copies of one another."""

    name: str
    photos: int
    groups: int


class Confused(NamedTuple):
    """A class of which `photos` photos, a `share` of those that were answered unlearnt, are taken for another."""

    name: str
    taken_for: str
    photos: int
    share: float


def find_thin(labels: np.ndarray, groups: np.ndarray, classes: Sequence[str]) -> list[Thin]:
    """The classes with fewer than `FEWEST` photos, or less than a fifth of what the median class has; fewest first.

    Args:
        labels: of the train split, int64, (n,).
        groups: int64, (n,); copies of one another count once, as they teach no more.
        classes: the k class names.
    """
    photos = np.bincount(labels, minlength=len(classes))
    different = np.bincount(np.unique(np.stack([labels, groups]), axis=1)[0], minlength=len(classes))
    least = max(FEWEST, LEAST_OF_MEDIAN * float(np.median(different)))
    order = np.argsort(different, kind="stable")
    return [Thin(classes[k], int(photos[k]), int(different[k])) for k in order if different[k] < least]


def find_confused(labels: np.ndarray, predicted: np.ndarray, classes: Sequence[str]) -> list[Confused]:
    """The pairs of which one is often taken for the other, the largest share first.

    Args:
        labels: int64, (n,), of rows that were not learnt.
        predicted: int64, (n,).
        classes: the k class names.
    """
    totals = np.bincount(labels, minlength=len(classes))
    wrong = np.flatnonzero(labels != predicted)
    pairs, counts = np.unique(np.stack([labels[wrong], predicted[wrong]]), axis=1, return_counts=True)
    found = [
        Confused(classes[truth], classes[guess], int(count), float(count / totals[truth]))
        for (truth, guess), count in zip(pairs.T, counts, strict=True)
        if count >= max(LEAST_COUNT, LEAST_SHARE * totals[truth])
    ]
    return sorted(found, key=lambda pair: (-pair.share, -pair.photos))  # of equals, in the order of the classes
