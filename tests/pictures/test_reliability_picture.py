"""Reliability: bins of equal count, and what a point says."""

import numpy as np
import pytest
from made_up_models import NOTHING

from stacker.pictures.look import fixed_look
from stacker.pictures.reliability_picture import draw_reliability, split_evenly
from stacker.scoring.intervals import compute_wilson_interval
from stacker.scoring.rows import Rows
from stacker.scoring.standings import Model


def draw(confidence, right, groups=None):
    """The one panel of a model that says the first class with that confidence (more than a half)."""
    confidence, right = np.asarray(confidence), np.asarray(right)
    model = Model("member", "only", NOTHING, np.stack([confidence, 1 - confidence], axis=1))
    groups = np.arange(len(right)) if groups is None else np.asarray(groups)
    with fixed_look():
        (panel,) = draw_reliability([model], Rows(np.where(right, 0, 1), groups)).axes
    return panel


def test_bins_have_equal_counts_however_unevenly_confidence_is_spread():
    confidence = np.linspace(0, 1, 160) ** 8 / 2 + 0.5  # nine in ten below 0.72
    confidence = 1.5 - confidence + np.arange(160) / 1000
    rows = np.random.default_rng(0).permutation(160)

    bins = split_evenly(confidence[rows])

    assert [len(chosen) for chosen in bins] == [40, 40, 40, 40]
    assert sorted(np.concatenate(bins).tolist()) == list(range(160))
    tops = [confidence[rows][chosen].max() for chosen in bins]
    bottoms = [confidence[rows][chosen].min() for chosen in bins]
    assert all(top < bottom for top, bottom in zip(tops, bottoms[1:], strict=False))


@pytest.mark.parametrize(
    ("n", "expected"), [(3, [3]), (79, [79]), (80, [40, 40]), (85, [43, 42]), (1600, [107] * 10 + [106] * 5)]
)
def test_there_are_as_many_bins_as_photos_allow(n, expected):
    assert [len(rows) for rows in split_evenly(np.arange(n) / n)] == expected


def test_photos_of_equal_confidence_stay_together():
    few = np.array([0.5, 0.6, 0.7] + [1.0] * 197)  # no bin of three photos

    assert [len(rows) for rows in split_evenly(few)] == [200]

    top = np.array([0.5 + number / 1000 for number in range(10)] + [0.9] * 87 + [0.97, 0.98, 0.99])
    assert [len(rows) for rows in split_evenly(top)] == [100]  # nor three that are left

    some = np.array([1.0] * 130 + [0.5 + number / 1000 for number in range(70)])
    assert [len(rows) for rows in split_evenly(some)] == [40, 30, 130]
    more = np.array([1.0] * 150 + [0.5 + number / 1000 for number in range(50)])  # ten are no bin either
    assert [len(rows) for rows in split_evenly(more)] == [40, 160]
    assert split_evenly(more)[0].tolist() == list(range(150, 190))


def test_another_machines_rounding_moves_no_photo():
    confidence = np.array([0.7] * 40 + [0.8] * 60)

    assert [len(rows) for rows in split_evenly(confidence + 1e-9 * np.arange(100))] == [40, 60]


def test_a_point_is_the_share_right_at_the_mean_confidence():
    panel = draw([0.6] * 30 + [0.7] * 10 + [0.9] * 50, [True] * 24 + [False] * 16 + [True] * 45 + [False] * 5)

    (points,) = (line.get_xydata() for line in panel.lines if line.get_marker() == "o")
    assert points == pytest.approx(np.array([[0.625, 0.6], [0.9, 0.9]]))
    assert panel.get_xlabel() == "40 to 50 photos a point"
    ends = [segment[:, 1].tolist() for segment in panel.collections[0].get_segments()]
    assert ends == [pytest.approx(compute_wilson_interval(*of)) for of in ((0.6, 40), (0.9, 50))]


def test_it_says_how_many_photos_a_point_stands_for():
    assert draw(np.linspace(0.6, 0.9, 80), [True] * 80).get_xlabel() == "40 photos a point"


def test_it_counts_copies_as_what_they_are():
    panel = draw([0.91] * 3, [True] * 3, groups=[3, 3, 3])

    (segment,) = panel.collections[0].get_segments()
    assert segment[0, 1] == pytest.approx(compute_wilson_interval(1.0, 1)[0])  # of one photo: three are copies


def test_the_diagonal_goes_from_corner_to_corner_and_nothing_lies_outside():
    panel = draw([0.99] * 40, [True] * 25 + [False] * 15)

    assert panel.get_xlim() == panel.get_ylim()
    low, high = panel.get_ylim()
    assert low < compute_wilson_interval(25 / 40, 40)[0] < 0.625 < 1 < high
