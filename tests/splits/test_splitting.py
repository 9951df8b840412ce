import hashlib
from typing import NamedTuple

import numpy as np
import pytest

from stacker.splits.splitting import draw_rows, draw_splits

LABELS = np.repeat([0, 1, 2], [100, 60, 20])
SINGLE = np.arange(len(LABELS))


def test_draw_rows_is_stratified():
    rows = draw_rows(LABELS, SINGLE, 0.25, seed=0)

    assert np.bincount(LABELS[rows]).tolist() == [25, 15, 5]
    assert np.array_equal(rows, np.unique(rows))


def test_draw_rows_depends_on_the_seed_alone():
    first, again, other = (draw_rows(LABELS, SINGLE, 0.25, seed) for seed in (3, 3, 4))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_draw_rows_draws_at_least_one_of_every_class():
    assert np.bincount(LABELS[draw_rows(LABELS, SINGLE, 0.001, seed=0)]).tolist() == [1, 1, 1]


@pytest.mark.parametrize("seed", range(5))
def test_draw_rows_takes_groups_whole(seed):
    groups = SINGLE // 3

    rows = draw_rows(LABELS, groups, 0.3, seed)

    left = np.setdiff1d(SINGLE, rows)
    assert not set(groups[rows]) & set(groups[left])
    assert abs(len(rows) / len(LABELS) - 0.3) < 0.05


class Photo(NamedTuple):
    label: int
    group: int
    content: str


FRACTIONS = {"test": 0.2, "validation": 0.1}


def make_photos(seed: int, largest: int = 6) -> list[Photo]:
    """Groups of 1 to `largest` photos of three classes; some groups are of two."""
    generator = np.random.default_rng(seed)
    photos = []
    for group in range(int(generator.integers(20, 60))):
        label = int(generator.integers(3))
        for _ in range(int(generator.choice([1, 1, 1, 2, largest]))):
            other = int(generator.integers(3)) if generator.random() < 0.05 else label
            photos.append(Photo(other, group, hashlib.sha256(generator.bytes(8)).hexdigest()))
    return photos


def draw(photos: list[Photo], seed: int = 0, fractions: dict[str, float] = FRACTIONS) -> dict[Photo, str]:
    labels, groups = (np.array([photo[field] for photo in photos]) for field in (0, 1))
    names = draw_splits(labels, groups, [photo.content for photo in photos], fractions, seed)
    return dict(zip(photos, names.tolist(), strict=True))


def test_draw_splits_takes_the_groups_of_the_smallest_keys():
    photos = [Photo(0, number, f"{number:064x}") for number in range(10)]
    order = sorted(photos, key=lambda photo: hashlib.sha256(f"7 {photo.content}".encode()).hexdigest())

    drawn = draw(photos, seed=7, fractions={"test": 0.3, "validation": 0.2})

    assert [drawn[photo] for photo in order] == ["test"] * 3 + ["validation"] * 2 + [""] * 5


def test_draw_splits_takes_a_groups_key_and_class_from_its_smallest_content():
    shared = [Photo(1, 0, "b" * 64), Photo(0, 0, "a" * 64), Photo(1, 0, "c" * 64)]
    alone = [Photo(label, 1 + label, str(label) * 64) for label in (0, 1)]
    twins = [Photo(1, 0, "a" * 64), *shared]  # the same file in the folders of two classes: the first class

    for photos in (shared, twins):
        drawn = draw([*photos, *alone], fractions={"test": 0.5})
        assert drawn[alone[1]] == "test"  # the only group of its class
        assert len({drawn[photo] for photo in photos}) == 1
        key = hashlib.sha256(b"0 " + b"a" * 64).hexdigest()
        first = key < hashlib.sha256(b"0 " + b"0" * 64).hexdigest()
        assert (drawn[photos[0]] == "test") or not first


@pytest.mark.parametrize("seed", range(20))
def test_draw_splits_keeps_groups_whole_and_to_the_fractions(seed):
    photos = make_photos(seed)
    drawn = draw(photos, seed)

    for group in {photo.group for photo in photos}:
        assert len({drawn[photo] for photo in photos if photo.group == group}) == 1
    for name, share in FRACTIONS.items():
        got = sum(split == name for split in drawn.values())
        assert abs(got - share * len(photos)) <= 3 * 6  # a group too many or too few in each of three classes
    for label in range(3):
        assert {"test", "validation", ""} <= {drawn[photo] for photo in photos if photo.label == label}


@pytest.mark.parametrize("seed", range(5))
def test_draw_splits_looks_at_content_alone(seed):
    photos = make_photos(seed)
    generator = np.random.default_rng(seed)
    numbers = generator.permutation(1000)
    shuffled = [photos[row] for row in generator.permutation(len(photos))]

    again = draw([photo._replace(group=int(numbers[photo.group])) for photo in shuffled])

    assert {photo.content: name for photo, name in again.items()} == {
        photo.content: name for photo, name in draw(photos).items()
    }
    assert draw(photos, seed=99) != draw(photos)


def list_changes(before: list[Photo], after: list[Photo], changed: int, seed: int) -> list[tuple[int, str]]:
    """The class and the new split of every group, but the one whose photo came or went, that was moved."""
    old, new = draw(before, seed), draw(after, seed)
    moved = {photo.group for photo in old.keys() & new.keys() if old[photo] != new[photo]} - {changed}
    first = {group: min((p.content, p.label) for p in after if p.group == group)[1] for group in moved}
    return [(first[group], new[next(p for p in new if p.group == group)]) for group in moved]


@pytest.mark.parametrize("seed", range(150))
def test_a_photo_that_comes_or_goes_moves_one_other_group_a_class_and_split_at_most(seed):
    photos = make_photos(seed)
    new = hashlib.sha256(f"new {seed}".encode()).hexdigest()
    some = photos[seed % len(photos)]
    last = max((photo for photo in photos if photo.group == some.group), key=lambda photo: photo.content)
    alone = [*photos, Photo(seed % 3, 999, new)]
    beside = [*photos, Photo(some.label, some.group, "f" * 64)]
    without = [photo for photo in photos if photo != last]

    for after, group in ((alone, 999), (beside, some.group), (without, some.group)):
        changes = list_changes(photos, after, group, seed)
        assert len(changes) == len(set(changes))


def test_draw_splits_gives_each_split_a_group_of_every_class():
    large = [Photo(0, 0, f"{number:064x}") for number in range(50)] + [Photo(0, 1 + k, str(k) * 64) for k in range(4)]

    for seed in range(10):
        assert {"test", "validation", ""} == set(draw(large, seed, {"test": 0.01, "validation": 0.01}).values())


def test_draw_splits_without_fractions_leaves_all():
    assert set(draw(make_photos(0), fractions={}).values()) == {""}
