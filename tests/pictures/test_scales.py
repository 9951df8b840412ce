"""Who shares an axis."""

import numpy as np
import pytest

from stacker.pictures.scales import find_inside, pad_limits

GOOD = [(0.1, 0.2), (0.15, 0.3), (0.05, 0.25)]  # an axis of 0.25


@pytest.mark.parametrize(
    ("others", "expected"),
    [
        ([], [1, 1, 1]),
        ([(0.6, 0.79)], [1, 1, 1, 1]),  # an axis of 0.74: not three times as long
        ([(0.6, 0.81)], [1, 1, 1, 0]),
        ([(0.6, 0.81), (0.1, 0.3)], [1, 1, 1, 0, 1]),
        ([(2.0, 2.5), (9.0, 9.5)], [1, 1, 1, 1, 0]),  # one of five at most
        ([(0.1, 0.2)] * 3 + [(2.0, 2.5), (9.0, 9.5)], [1] * 6 + [0, 0]),  # two of eight
        ([(0.1, 0.2)] * 3 + [(0.3, 0.8), (9.0, 9.5)], [1] * 7 + [0]),
    ],
)
def test_outside_are_the_few_poor_models_that_would_squeeze_the_others(others, expected):
    ends = np.array(GOOD + others)

    assert find_inside(ends).tolist() == expected
    assert find_inside(1 - ends[:, ::-1], is_lower_better=False).tolist() == expected


def test_a_model_that_is_far_better_is_no_reason_to_leave_others_out():
    assert find_inside(np.array([(0.9, 1.0)] * 3 + [(0.0, 0.1)])).all()


def test_of_two_models_both_are_inside():
    assert find_inside(np.array([(0.1, 0.2), (8.0, 9.0)])).tolist() == [1, 1]
    assert find_inside(np.array([(0.1, 0.2)])).tolist() == [1]


def test_no_axis_is_so_short_that_what_fits_on_it_lies_outside():
    assert find_inside(np.array([(0.0, 0.0), (0.0, 0.0), (0.0, 0.001)])).all()
    assert not find_inside(np.array([(0.0, 0.0), (0.0, 0.0), (0.0, 0.01)])).all()


def test_limits_have_room_beside_what_they_hold():
    assert pad_limits(1.0, 2.0) == pytest.approx((0.94, 2.06))
    low, high = pad_limits(1.0, 1.0)
    assert low < 1 < high
