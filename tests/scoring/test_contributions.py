import numpy as np
import pytest
from scipy.stats import binomtest

from stacker.scoring.contributions import compare_pairs, count_oracle, describe_removal, format_p_value
from stacker.scoring.significance import Comparison

LABELS = np.array([0, 0, 1, 1, 2, 2])


def test_pairs_against_counting_by_hand():
    labels = np.array([0, 0, 1, 1, 2, 2, 2, 0, 1])
    first, second = np.array([0, 1, 1, 1, 2, 1, 0, 1, 1]), np.array([0, 1, 1, 0, 2, 0, 2, 0, 1])

    (pair,) = compare_pairs(labels, {"second": second, "first": first})

    assert (pair.first, pair.second) == ("first", "second")
    # errors: first 0 1 0 0 0 1 1 1 0, second 0 1 0 1 0 1 0 0 0
    assert pair.both_wrong == 2  # both are right on 4 rows, the first alone is wrong on 2, the second alone on 1
    assert pair.error_correlation == pytest.approx((2 * 4 - 2 * 1) / np.sqrt(4 * 5 * 3 * 6))
    assert pair.disagreement == pytest.approx(4 / 9)  # rows 3, 6, 7, and row 5, where each is wrong in its own way


def test_every_pair_appears_once():
    predicted = dict.fromkeys("dcab", LABELS)

    names = [(pair.first, pair.second) for pair in compare_pairs(LABELS, predicted)]

    assert names == [("a", "b"), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "d"), ("c", "d")]


@pytest.mark.parametrize("errors", [np.zeros(6, bool), np.ones(6, bool)])
def test_the_correlation_with_a_perfect_or_hopeless_member_is_undefined(errors):
    predicted = {"strange": np.where(errors, (LABELS + 1) % 3, LABELS), "usual": np.array([0, 1, 1, 0, 2, 0])}

    assert compare_pairs(LABELS, predicted)[0].error_correlation is None


def test_identical_and_opposite_errors():
    some = np.array([0, 1, 1, 0, 2, 0])
    others = np.where(some == LABELS, (LABELS + 1) % 3, LABELS)

    assert compare_pairs(LABELS, {"a": some, "b": some})[0].error_correlation == pytest.approx(1)
    assert compare_pairs(LABELS, {"a": some, "b": others})[0].error_correlation == pytest.approx(-1)


def test_oracle_needs_one_right_vote():
    predicted = {"a": np.array([0, 1, 1, 0, 0, 0]), "b": np.array([1, 0, 1, 0, 0, 2])}

    assert count_oracle(LABELS, predicted) == 4  # both are right on one row, both wrong on two


@pytest.mark.parametrize(
    ("gained", "lost", "sentence"),
    [
        (3, 0, "Removing xception loses 3 of 1,000 photos (p = 0.25)."),
        (0, 3, "Removing xception wins 3 of 1,000 photos (p = 0.25)."),
        (5, 2, "Removing xception loses 3 of 1,000 photos: 5 lost, 2 won (p = 0.45)."),
        (2, 5, "Removing xception wins 3 of 1,000 photos: 2 lost, 5 won (p = 0.45)."),
        (2, 2, "Removing xception loses 2 of 1,000 photos and wins as many (p = 1)."),
        (0, 0, "Removing xception loses none of 1,000 photos (p = 1)."),
    ],
)
def test_a_plain_sentence(gained, lost, sentence):
    p_value = binomtest(gained, gained + lost).pvalue if gained + lost else 1.0
    comparison = Comparison(gained, lost, p_value, 0.0, 0.0, 0.0, 1.0, 1.0, 1.0)

    assert describe_removal("xception", comparison, 1000) == sentence


@pytest.mark.parametrize(
    ("p_value", "text"), [(1.0, "p = 1"), (0.03125, "p = 0.031"), (0.001, "p = 0.001"), (0.0002, "p < 0.001")]
)
def test_p_values_are_short(p_value, text):
    assert format_p_value(p_value) == text
