import numpy as np
import pytest

from stacker.inference.agreement import choose_rows, compare_passes, decide


@pytest.mark.parametrize(
    ("n", "photos", "rows"),
    [
        (10, 3, [0, 3, 6]),
        (10, 4, [0, 2, 5, 7]),
        (5, 5, [0, 1, 2, 3, 4]),
        (3, 256, [0, 1, 2]),
        (4, "all", [0, 1, 2, 3]),
        (7, 1, [0]),
    ],
)
def test_rows_are_spread_over_the_split(n, photos, rows):
    received = choose_rows(n, photos)

    assert received.tolist() == rows
    assert received.dtype == np.int64


def test_rows_reach_every_class_of_a_split_that_lies_in_their_order():
    labels = np.repeat(np.arange(10), 100)

    assert np.bincount(labels[choose_rows(1000, 256)]).min() >= 25


def test_the_class_decided_for_is_the_second_above_a_half_or_the_largest():
    assert decide(np.array([[0.5], [0.51], [0.2]])).tolist() == [0, 1, 0]
    assert decide(np.array([[0.2, 0.5, 0.3], [0.6, 0.1, 0.3]])).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("precisions", "difference", "tolerance", "is_close"),
    [
        (["float32"], 0.3, 0.001, False),
        (["float32", "bfloat16"], 0.3, 0.1, False),
        (["int8", "float32"], 0.09, 0.1, True),  # the mean of 0.3, 0, 0, 0.06
    ],
)
def test_the_coarsest_precision_says_how_far_two_passes_may_lie_apart(precisions, difference, tolerance, is_close):
    received = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2], [0.45, 0.40, 0.15]])
    wanted = np.array([[0.4, 0.4, 0.2], [0.1, 0.1, 0.8], [0.2, 0.6, 0.2], [0.40, 0.46, 0.14]])

    agreement = compare_passes(received, wanted, *precisions)

    assert agreement.difference == pytest.approx(difference)
    assert (agreement.tolerance, agreement.equal, agreement.is_close) == (tolerance, 0.75, is_close)
    assert agreement.meaning == ("mean" if "int8" in precisions else "largest")


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_what_is_undefined_is_not_close(precision):
    assert not compare_passes(np.array([[np.nan], [0.5]]), np.full((2, 1), 0.5), precision).is_close
