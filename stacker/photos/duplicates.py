"""Group images that are duplicates of one another, so that no group is torn between two splits or folds."""

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

BITS = 64
PAIRS = 2**18  # merged at once: memory stays the same however many there are
LARGEST_CUT = 8  # bits of distance: in more than 9 chunks, hashes share so many that all are compared as fast
MOST_ALIKE = 128  # hashes that share a chunk, to be compared with one another: of more, the other bits are cut as well


def group_duplicates(
    content_hashes: Sequence[str], difference_hashes: Sequence[int | None], near_duplicates: int | None
) -> np.ndarray:
    """Number the groups of duplicates.

    Args:
        content_hashes: equal for files of equal bytes.
        difference_hashes: 64-bit integers, one an image; None where an image has none, and only equal bytes count.
        near_duplicates: images whose difference hashes differ in at most so many bits are duplicates as well, also
            through a chain of others; None keeps to equal bytes.

    Returns:
        Int64, (n,): the group of every image, numbered from 0.
    """
    _, groups = np.unique(np.asarray(content_hashes), return_inverse=True)
    if near_duplicates is None:
        unchanged: np.ndarray = groups.astype(np.int64)
        return unchanged
    rows = [row for row, bits in enumerate(difference_hashes) if bits is not None]
    bits = np.array([difference_hashes[row] for row in rows], dtype=np.uint64)
    hashes, places = np.unique(bits, return_inverse=True)  # equal ones are joined before any pair is looked at
    similar = _join_near(hashes, near_duplicates)
    count = int(groups.max()) + 1
    joined = _join(count + len(hashes), groups[rows], count + similar[places])
    _, numbers = np.unique(joined[groups], return_inverse=True)
    numbered: np.ndarray = numbers.astype(np.int64)
    return numbered


def _join_near(hashes: np.ndarray, distance: int) -> np.ndarray:
    """Number the groups of different hashes that are near, also through a chain."""
    labels = np.arange(len(hashes))
    waiting: list[tuple[np.ndarray, np.ndarray]] = []
    count = 0
    for first, second in _find_near_pairs(hashes, distance):
        waiting.append((first, second))
        count += len(first)
        if count > PAIRS:
            labels = _merge(labels, waiting)
            waiting, count = [], 0
    return _merge(labels, waiting) if waiting else labels


def _merge(labels: np.ndarray, pairs: list[tuple[np.ndarray, np.ndarray]]) -> np.ndarray:
    first, second = (np.concatenate(rows) for rows in zip(*pairs, strict=True))
    merged: np.ndarray = _join(len(labels), labels[first], labels[second])[labels]
    return merged


def _join(count: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Number the groups of `count` things, of which `first` and `second` belong together, pair by pair."""
    edges = coo_array((np.ones(len(first), dtype=bool), (first, second)), (count, count))
    _, components = connected_components(edges, directed=False)
    return np.asarray(components)


def _find_near_pairs(hashes: np.ndarray, distance: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """All pairs within `distance`, some more than once: row numbers of `hashes`, a few at a time.

    Cut into one chunk more than there are bits of distance, two near hashes have one chunk in common (the pigeonhole
    principle). So only such as share a chunk are compared. Where thousands share one, as photos on a white background
    do, they have a second chunk in common too, of their other bits.
    """
    if not distance:
        return  # no two are equal
    if distance > LARGEST_CUT:
        yield from _compare_all(hashes, distance)
        return
    for chunk in cut_bits(range(BITS), distance + 1):
        _, numbers, counts = np.unique(hashes & make_mask(chunk), return_inverse=True, return_counts=True)
        is_crowded = counts[numbers] > MOST_ALIKE
        yield from _compare_rows(hashes, np.flatnonzero(~is_crowded), chunk, distance)
        if is_crowded.any():
            for other in cut_bits([bit for bit in range(BITS) if bit not in chunk], distance + 1):
                yield from _compare_rows(hashes, np.flatnonzero(is_crowded), [*chunk, *other], distance)


def cut_bits(bits: Sequence[int], count: int) -> list[list[int]]:
    """Deal bits of a difference hash, numbered from the lowest, to `count` chunks, along diagonals of its 8x8 grid.

    So each chunk has a share of every row and every column: an empty sky would leave nothing to tell in a chunk of
    rows, nor a white margin in one of columns.
    """
    return [[bit for bit in bits if (bit // 8 + bit % 8) % count == number] for number in range(count)]


def make_mask(bits: Sequence[int]) -> np.uint64:
    """The number that has these bits."""
    return np.uint64(sum(1 << bit for bit in bits))


def _compare_rows(
    hashes: np.ndarray, rows: np.ndarray, bits: Sequence[int], distance: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The near pairs among `rows`, int64, that have these bits in common."""
    keys = hashes[rows] & make_mask(bits)
    order = rows[np.argsort(keys, kind="stable")]
    for first, second in _compare_equal_keys(hashes[order] & make_mask(bits), hashes[order], distance):
        yield order[first], order[second]


def _compare_equal_keys(keys: np.ndarray, hashes: np.ndarray, distance: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Compare each row with the next one, the one after, and so on, as long as any two have the same key."""
    rows = np.arange(len(keys))
    for step in range(1, len(keys)):
        rows = rows[: np.searchsorted(rows, len(keys) - step)]
        rows = rows[keys[rows] == keys[rows + step]]
        if not len(rows):
            return
        near = rows[np.bitwise_count(hashes[rows] ^ hashes[rows + step]) <= distance]
        if len(near):
            yield near, near + step


def _compare_all(hashes: np.ndarray, distance: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    differing, bits = np.empty(len(hashes), np.uint64), np.empty(len(hashes), np.uint8)  # written over, not made anew
    for step in range(1, len(hashes)):
        count = len(hashes) - step
        np.bitwise_xor(hashes[:-step], hashes[step:], out=differing[:count])
        np.bitwise_count(differing[:count], out=bits[:count])
        first = np.flatnonzero(bits[:count] <= distance)
        if len(first):
            yield first, first + step
