import tracemalloc

import numpy as np
import pytest

from stacker.photos import duplicates
from stacker.photos.duplicates import BITS, cut_bits, group_duplicates


def as_sets(groups: np.ndarray) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(groups == group).tolist()) for group in np.unique(groups)}


def test_group_duplicates_joins_equal_bytes_only_when_near_ones_are_not_asked_for():
    groups = group_duplicates(["a", "b", "a", "c"], [0, 0, 0, 0], None)

    assert as_sets(groups) == {frozenset({0, 2}), frozenset({1}), frozenset({3})}
    assert groups.dtype == np.int64
    assert sorted(np.unique(groups)) == [0, 1, 2]


def test_group_duplicates_joins_hashes_within_the_distance():
    groups = group_duplicates(["a", "b", "c"], [0b0000, 0b0011, 0b1111000], 2)

    assert as_sets(groups) == {frozenset({0, 1}), frozenset({2})}


def test_group_duplicates_joins_through_a_chain_and_through_equal_bytes():
    groups = group_duplicates(["a", "b", "c", "d", "a"], [0b0, 0b1, 0b11, 0b111100, 2**63 + 2**62], 1)

    assert as_sets(groups) == {frozenset({0, 1, 2, 4}), frozenset({3})}


def test_group_duplicates_merges_pairs_now_and_then(monkeypatch):
    monkeypatch.setattr("stacker.photos.duplicates.PAIRS", 1)
    generator = np.random.default_rng(0)
    count = 507
    hashes = generator.integers(0, 2**63, count, dtype=np.uint64)
    hashes[-1] = hashes[3]
    hashes[260] = hashes[3] ^ np.uint64(1)

    groups = group_duplicates([str(number) for number in range(count)], hashes.tolist(), 1)

    assert len({groups[3], groups[-1], groups[260]}) == 1
    assert len(np.unique(groups)) == count - 2


def test_group_duplicates_accepts_a_hash_of_64_set_bits():
    assert as_sets(group_duplicates(["a", "b"], [2**64 - 1, 2**64 - 2], 1)) == {frozenset({0, 1})}


def test_group_duplicates_joins_images_without_a_hash_by_their_bytes_alone():
    groups = group_duplicates(["a", "b", "a", "c", "d"], [None, None, None, 5, 4], 2)

    assert as_sets(groups) == {frozenset({0, 2}), frozenset({1}), frozenset({3, 4})}
    assert as_sets(group_duplicates(["a", "b"], [None, None], 2)) == {frozenset({0}), frozenset({1})}


def group_slowly(hashes: np.ndarray, distance: int) -> set[frozenset[int]]:
    groups = [{row} for row in range(len(hashes))]
    for row, bits in enumerate(hashes.tolist()):
        for other, others in enumerate(hashes[:row].tolist()):
            if (bits ^ others).bit_count() <= distance and groups[row] is not groups[other]:
                groups[other] |= groups[row]
                for member in groups[other]:
                    groups[member] = groups[other]
    return {frozenset(group) for group in groups}


@pytest.mark.parametrize("distance", [0, 1, 2, 3, 7, 8, 9, 16])
@pytest.mark.parametrize(("pairs", "alike"), [(2**18, 128), (3, 128), (2**18, 2)])
def test_group_duplicates_finds_what_comparing_all_finds(monkeypatch, distance, pairs, alike):
    monkeypatch.setattr("stacker.photos.duplicates.PAIRS", pairs)
    monkeypatch.setattr("stacker.photos.duplicates.MOST_ALIKE", alike)
    generator = np.random.default_rng(distance)
    origins = generator.integers(0, 2**64, 12, dtype=np.uint64)
    hashes = np.repeat(origins, 10)
    for row in range(len(hashes)):  # copies, each with some bits turned over, no two alike in where
        for bit in generator.choice(64, generator.integers(0, distance + 3), replace=False):
            hashes[row] ^= np.uint64(1) << np.uint64(bit)

    received = as_sets(group_duplicates([str(row) for row in range(len(hashes))], hashes.tolist(), distance))

    assert received == group_slowly(hashes, distance)
    assert 12 <= len(received) < 120 or distance == 16


@pytest.mark.parametrize(("count", "bits", "distance"), [(4000, 0, 2), (20000, 64, 2), (3000, 12, 4), (3000, 14, 16)])
def test_group_duplicates_keeps_its_memory_flat(count, bits, distance):
    """Equal hashes, random ones, and such that nearly all pairs of them are near: never all pairs at a time."""
    hashes = np.random.default_rng(0).integers(0, 2**64, count, dtype=np.uint64) % np.uint64(max(1, 2**bits - 1))
    names = [str(number) for number in range(count)]
    numbers = hashes.tolist()

    tracemalloc.start()
    group_duplicates(names, numbers, distance)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 24 * 2**20


def count_comparisons(monkeypatch, hashes):
    """How many pairs are looked at for the groups of `hashes`."""
    counted = []
    compare = duplicates._compare_equal_keys

    def count(keys, rows, distance):
        _, sizes = np.unique(keys, return_counts=True)
        counted.append(int((sizes * (sizes - 1) // 2).sum()))
        yield from compare(keys, rows, distance)

    with monkeypatch.context() as patch:
        patch.setattr(duplicates, "_compare_equal_keys", count)
        group_duplicates([str(row) for row in range(len(hashes))], hashes.tolist(), 2)
    return sum(counted)


EMPTY_SKY = 2**40 - 1  # the bits of the five lower rows
WHITE_MARGINS = 0x00007E7E7E7E0000  # those of the four rows and six columns in the middle


@pytest.mark.parametrize(("mask", "most"), [(2**64 - 1, 1), (EMPTY_SKY, 20), (WHITE_MARGINS, 1300)])
def test_few_are_compared_where_many_photos_are_alike_in_part(monkeypatch, mask, most):
    """A third of the bits that says nothing would else have every photo compared with every other: 10,000 of each."""
    hashes = np.unique(np.random.default_rng(0).integers(0, 2**64, 20_000, dtype=np.uint64) & np.uint64(mask))

    assert count_comparisons(monkeypatch, hashes) < most * len(hashes)


@pytest.mark.parametrize("count", [2, 3, 8, 9])
def test_a_chunk_has_a_share_of_every_bit_row_and_column(count):
    chunks = cut_bits(range(BITS), count)

    assert sorted(bit for chunk in chunks for bit in chunk) == list(range(BITS))
    for chunk in chunks:
        assert BITS // count - 1 <= len(chunk) <= BITS // count + 2
        assert len({bit // 8 for bit in chunk}) >= 7
        assert len({bit % 8 for bit in chunk}) >= 7
