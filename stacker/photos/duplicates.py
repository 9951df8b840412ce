"""Group images that are duplicates of one another, so that no group is torn between two splits or folds."""

from collections.abc import Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

PAIRS = 2**19  # compared at once, 8 bytes each: memory stays the same however many images there are


def group_duplicates(
    content_hashes: Sequence[str], difference_hashes: Sequence[int], near_duplicates: int | None
) -> np.ndarray:
    """Number the groups of duplicates.

    Args:
        content_hashes: equal for files of equal bytes.
        difference_hashes: 64-bit integers, one an image.
        near_duplicates: images whose difference hashes differ in at most so many bits are duplicates as well, also
            through a chain of others; None keeps to equal bytes.

    Returns:
        Int64, (n,): the group of every image, numbered from 0.
    """
    _, groups = np.unique(np.asarray(content_hashes), return_inverse=True)
    if near_duplicates is None:
        unchanged: np.ndarray = groups.astype(np.int64)
        return unchanged
    first, second = _find_near_pairs(np.asarray(difference_hashes, dtype=np.uint64), near_duplicates)
    count = groups.max() + 1
    edges = coo_array((np.ones(len(first), dtype=bool), (groups[first], groups[second])), (count, count))
    _, components = connected_components(edges, directed=False)
    joined: np.ndarray = components[groups].astype(np.int64)
    return joined


def _find_near_pairs(hashes: np.ndarray, distance: int) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(np.empty(0, np.int64), np.empty(0, np.int64))]
    rows_at_once = max(1, PAIRS // max(1, len(hashes)))
    for start in range(0, len(hashes), rows_at_once):
        block = hashes[start : start + rows_at_once, np.newaxis] ^ hashes[np.newaxis, :]
        rows, columns = np.nonzero(np.bitwise_count(block) <= distance)
        later = columns > rows + start
        pairs.append((rows[later] + start, columns[later]))
    first, second = zip(*pairs, strict=True)
    return np.concatenate(first), np.concatenate(second)
