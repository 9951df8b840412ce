"""Draw rows for a split: seeded, stratified by class, duplicates kept together."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np


class Group(NamedTuple):
    """Photos that are duplicates of one another, as they take part in a draw; the smallest key is drawn first.

    Attributes:
        key: SHA-256 of the seed and the smallest content hash.
        label: the class of the photo with that content hash; of several such photos, the smallest class.
        rows: of its photos.
    """

    key: str
    label: int
    rows: np.ndarray


def draw_splits(
    labels: np.ndarray, groups: np.ndarray, content_hashes: Sequence[str], fractions: Mapping[str, float], seed: int
) -> np.ndarray:
    """Draw splits by what the photos hold, so that one that is added or removed does not move the others.

    Within a class, groups are put in the order of their keys, which hang on nothing but their own content and the
    seed, and cut by shares of the photos. Neither names nor order nor size of the photos matter. A photo that comes or
    goes shifts each cut by one photo at most, so that at most one other group moves over it. A near duplicate that
    comes with a smaller content hash than its group had gives the whole group a new key.

    Args:
        labels: int64, (n,), the class of every row.
        groups: int64, (n,); rows of one group are drawn together.
        content_hashes: of the files, one a row.
        fractions: by the split's name, the share of the rows of every class, in the order of drawing; their sum is
            below 1. Each split gets at least one group of every class that has enough.
        seed: of the draw.

    Returns:
        Strings, (n,): the name of the split, or "" for what is left.
    """
    drawn = np.full(len(labels), "", dtype=f"U{max(map(len, fractions), default=1)}")
    by_label: dict[int, list[Group]] = {}
    for group in sorted(_collect_groups(labels, groups, content_hashes, seed), key=lambda group: group.key):
        by_label.setdefault(group.label, []).append(group)
    for waiting in by_label.values():
        for group, name in zip(waiting, _name_splits([len(group.rows) for group in waiting], fractions), strict=False):
            drawn[group.rows] = name
    return drawn


def _name_splits(counts: Sequence[int], fractions: Mapping[str, float]) -> list[str]:
    """The splits of the first groups, one after the other; `counts` are the photos of all groups of a class."""
    names: list[str] = []
    taken, share = 0, 0.0
    for name, fraction in fractions.items():
        share += fraction
        end = round(share * sum(counts))  # from the first split on, whatever the sizes of its groups made of it
        is_empty = True
        while len(names) < len(counts) and (taken < end or is_empty):
            taken += counts[len(names)]
            names.append(name)
            is_empty = False
    return names


def _collect_groups(labels: np.ndarray, groups: np.ndarray, content_hashes: Sequence[str], seed: int) -> list[Group]:
    order = np.argsort(groups, kind="stable")
    _, starts = np.unique(groups[order], return_index=True)
    collected = []
    for rows in np.split(order, starts[1:]):
        content_hash, label = min((content_hashes[row], int(labels[row])) for row in rows)
        collected.append(Group(hashlib.sha256(f"{seed} {content_hash}".encode()).hexdigest(), label, rows))
    return collected


def draw_rows(labels: np.ndarray, groups: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Draw `fraction` of the rows of every class, in whole groups.

    scikit-learn's `StratifiedGroupKFold` cuts equal folds only; any fraction is wanted here.

    Args:
        labels: int64, (n,), the class of every row.
        groups: int64, (n,); rows of one group are drawn together or not at all.
        fraction: the share to draw, in (0, 1); at least one group of every class is drawn, where it has one.
        seed: the draw depends on the seed and the rows alone.

    Returns:
        Sorted row numbers, int64. A group of mixed labels counts for the class of its first row.
    """
    generator = np.random.default_rng(seed)
    unique_groups, first_rows, members, counts = np.unique(
        groups, return_index=True, return_inverse=True, return_counts=True
    )
    drawn = np.zeros(len(unique_groups), dtype=bool)
    for label in np.unique(labels):
        candidates = generator.permutation(np.flatnonzero(labels[first_rows] == label))
        wanted = max(1, round(fraction * counts[candidates].sum()))
        before = np.cumsum(counts[candidates]) - counts[candidates]
        drawn[candidates[before < wanted]] = True
    return np.flatnonzero(drawn[members])
