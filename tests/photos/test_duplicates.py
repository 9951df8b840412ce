import numpy as np

from stacker.photos.duplicates import group_duplicates


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


def test_group_duplicates_finds_pairs_across_blocks(monkeypatch):
    monkeypatch.setattr("stacker.photos.duplicates.PAIRS", 2**12)  # blocks of 8 rows
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
