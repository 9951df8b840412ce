"""Thin and confused classes."""

import numpy as np

from stacker.scoring.class_issues import Confused, Thin, find_confused, find_thin

CLASSES = ["ant", "bee", "cat", "dog"]


def find(counts: list[int], copies: dict[int, int] | None = None) -> list[Thin]:
    """Classes with so many photos; of a class in `copies`, the first so many are copies of one."""
    labels = np.repeat(np.arange(len(counts)), counts)
    groups = np.arange(len(labels))
    for label, count in (copies or {}).items():
        first = int(np.flatnonzero(labels == label)[0])
        groups[first : first + count] = first
    return find_thin(labels, groups, CLASSES[: len(counts)])


def test_a_class_with_fewer_than_twenty_photos_is_thin():
    assert find([20, 19, 30, 25]) == [Thin("bee", 19, 19)]


def test_copies_count_once():
    assert find([20, 25, 30], copies={1: 7}) == [Thin("bee", 25, 19)]
    assert find([20, 25, 30], copies={1: 6}) == []


def test_a_class_with_less_than_a_fifth_of_the_median_is_thin_and_the_fewest_come_first():
    assert find([200, 200, 39, 10]) == [Thin("dog", 10, 10)]  # the median is 119.5
    assert find([400, 400, 400, 79]) == [Thin("dog", 79, 79)]
    assert find([400, 400, 400, 80]) == []
    assert [thin.name for thin in find([3, 2, 0, 3])] == ["cat", "bee", "ant", "dog"]


def test_pairs_are_confused_by_their_share_and_have_a_direction():
    labels = np.repeat([0, 1, 2], [40, 100, 200])
    predicted = labels.copy()
    predicted[:5] = 1  # 12.5 % of the ants
    predicted[5:9] = 2  # 10 %, but four photos
    predicted[40:60] = 2  # 20 % of the bees
    predicted[140:149] = 0  # 4.5 % of the cats

    assert find_confused(labels, predicted, CLASSES) == [
        Confused("bee", "cat", 20, 0.2),
        Confused("ant", "bee", 5, 0.125),
    ]


def test_where_all_is_right_none_is_confused():
    assert find_confused(np.arange(4), np.arange(4), CLASSES) == []
