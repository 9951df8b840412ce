from math import comb

import numpy as np
import pytest
from sklearn.metrics import log_loss

from stacker.scoring.significance import (
    Comparison,
    adjust_comparisons,
    adjust_holm,
    compare_models,
    compute_log_losses,
    compute_mcnemar,
    compute_sign_p_value,
)


def count_mcnemar(gained, lost):
    """Of photos that are no copies."""
    right = np.arange(gained + lost) < gained
    return compute_mcnemar(right, ~right, np.arange(gained + lost))


@pytest.mark.parametrize(
    ("gained", "lost", "p_value"),
    [
        (0, 0, 1.0),
        (4, 0, 0.125),
        (6, 0, 0.03125),
        (3, 0, 0.25),
        (86, 150, 3.716e-05),  # approval of the prime minister: Agresti, "Categorical data analysis", 1990, table 10.1
        (1, 1, 1.0),
    ],
)
def test_mcnemar_gives_known_values(gained, lost, p_value):
    assert count_mcnemar(gained, lost) == pytest.approx(p_value, rel=1e-3)


def test_mcnemar_is_the_binomial_sum():
    for gained in range(9):
        for lost in range(9):
            n, least = gained + lost, min(gained, lost)
            tail = 2 * sum(comb(n, k) for k in range(least + 1)) / 2**n
            assert count_mcnemar(gained, lost) == pytest.approx(min(1, tail))


@pytest.mark.parametrize("classes", [2, 5])
def test_log_losses_average_to_that_of_scikit_learn(classes):
    generator = np.random.default_rng(0)
    labels = np.arange(50) % classes
    probabilities = generator.dirichlet(np.ones(classes), 50)
    probabilities[0] = np.eye(classes)[1]  # sure and wrong
    probabilities[1] = np.eye(classes)[1]  # sure and right

    losses = compute_log_losses(labels, probabilities)

    assert losses.shape == (50,)
    assert losses.mean() == pytest.approx(log_loss(labels, probabilities, labels=range(classes)))
    assert losses[0] == pytest.approx(52 * np.log(2))  # the bound is 2 ** -52
    assert losses[1] == pytest.approx(2**-52, rel=1e-9, abs=0)  # and as far below 1


def test_comparison_counts_the_discordant_rows():
    labels = np.array([0, 0, 0, 1, 1])
    first = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.2, 0.8], [0.6, 0.4]])
    second = np.array([[0.9, 0.1], [0.4, 0.6], [0.6, 0.4], [0.9, 0.1], [0.7, 0.3]])

    comparison = compare_models(labels, first, second, np.arange(5))

    assert (comparison.gained, comparison.lost, comparison.net) == (2, 1, 1)
    assert comparison.p_value == 1
    assert comparison.loss_difference == pytest.approx(log_loss(labels, first) - log_loss(labels, second))
    assert comparison.loss_low < comparison.loss_difference < comparison.loss_high


def test_a_model_does_not_differ_from_itself():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6]])

    assert compare_models(np.array([0, 1]), probabilities, probabilities, np.arange(2)) == (0, 0, 1, 0, 0, 0, 1, 1, 1)


def test_swapping_the_models_turns_the_comparison_around():
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 2
    first, second = generator.dirichlet((1, 1), 40), generator.dirichlet((1, 1), 40)
    groups = np.arange(40)
    there, back = compare_models(labels, first, second, groups), compare_models(labels, second, first, groups)

    assert (there.gained, there.lost, there.p_value) == (back.lost, back.gained, back.p_value)
    assert there.loss_p_value == back.loss_p_value
    assert (there.loss_low, there.loss_high) == pytest.approx((-back.loss_high, -back.loss_low))


def test_groups_of_copies_vote_once():
    # two photos that the first model alone gets right, one of them there four times, and one that the second gets
    right = np.array([True, True, True, True, True, False, True])
    other = np.array([False, False, False, False, False, True, True])
    groups = np.array([4, 4, 4, 4, 7, 8, 9])

    assert compute_mcnemar(right, other, groups) == 1  # 2 against 1
    assert compute_mcnemar(right, other, np.arange(7)) == pytest.approx(0.21875)  # 5 against 1
    assert compute_mcnemar(right, other, np.array([4, 4, 4, 4, 5, 6, 7])) == 1


def test_a_group_that_is_divided_votes_by_its_majority():
    right = np.array([True, True, False, True])
    other = np.array([False, False, True, True])

    assert compute_mcnemar(right, other, np.zeros(4, int)) == 1.0  # one vote for the first: 2 against 1 within
    assert compute_mcnemar(right[1:], other[1:], np.zeros(3, int)) == 1.0  # 1 against 1: no vote


def test_mcnemar_by_groups_cries_wolf_no_more_than_it_may():
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(200), 5)
    by_group = by_photo = 0
    for _ in range(400):
        right, other = (np.repeat(generator.random(200) < 0.8, 5) for _ in range(2))
        by_group += compute_mcnemar(right, other, groups) < 0.05
        by_photo += compute_mcnemar(right, other, np.arange(1000)) < 0.05

    assert by_group / 400 <= 0.06
    assert by_photo / 400 > 0.25  # 5 % was promised


@pytest.mark.parametrize(
    ("p_values", "adjusted"),
    [
        ([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]),  # 3 x 0.01, 2 x 0.03, then 1 x 0.04, which may not be below 0.06
        ([0.2, 0.001, 0.4, 0.02], [0.4, 0.004, 0.4, 0.06]),
        ([0.7, 0.8], [1.0, 1.0]),
        ([], []),
    ],
)
def test_holms_correction_by_hand(p_values, adjusted):
    assert adjust_holm(p_values) == pytest.approx(adjusted)


def test_comparisons_are_adjusted_over_all_ensembles_together():
    plain = Comparison(9, 1, 0.02, -0.1, -0.2, -0.01, 0.01, 0.02, 0.01)
    families = {
        "one": {"a": plain, "b": plain._replace(p_value=0.5, loss_p_value=0.2)},
        "two": {"a": plain._replace(p_value=0.001, loss_p_value=0.04)},
    }

    adjusted = adjust_comparisons(families)

    counts = [adjusted[label][rival].adjusted_p_value for label, rival in (("one", "a"), ("one", "b"), ("two", "a"))]
    losses = [
        adjusted[label][rival].adjusted_loss_p_value for label, rival in (("one", "a"), ("one", "b"), ("two", "a"))
    ]
    assert counts == pytest.approx([0.04, 0.5, 0.003])
    assert losses == pytest.approx([0.03, 0.2, 0.08])
    assert adjusted["one"]["a"].p_value == 0.02


def test_the_p_value_of_a_log_loss_difference_is_twice_its_smaller_tail():
    means = np.array([-0.3, -0.2, -0.1, -0.05, -0.4, -0.2, 0.1, -0.3, -0.3])

    assert compute_sign_p_value(means) == pytest.approx(2 * (1 + 1) / 10)
    assert compute_sign_p_value(-means) == pytest.approx(2 * (1 + 1) / 10)
    assert compute_sign_p_value(np.full(99, 0.5)) == pytest.approx(0.02)  # never 0
    assert compute_sign_p_value(np.zeros(9)) == 1
