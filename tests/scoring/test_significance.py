from math import comb

import numpy as np
import pytest
from sklearn.metrics import log_loss

from stacker.artifacts.errors import PipelineError
from stacker.scoring.scores import compute_wilson_interval
from stacker.scoring.significance import bootstrap_means, compare_models, compute_log_losses, compute_mcnemar


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
    assert compute_mcnemar(gained, lost) == pytest.approx(p_value, rel=1e-3)


def test_mcnemar_is_the_binomial_sum():
    for gained in range(9):
        for lost in range(9):
            n, least = gained + lost, min(gained, lost)
            tail = 2 * sum(comb(n, k) for k in range(least + 1)) / 2**n
            assert compute_mcnemar(gained, lost) == pytest.approx(min(1, tail))


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    [(971, 992, 0.9679, 0.9861), (975, 992, 0.9727, 0.9893), (980, 1000, 0.969, 0.987), (81, 263, 0.2553, 0.3662)],
)  # the last one: Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I
def test_wilson_interval_gives_known_values(correct, n, low, high):
    assert compute_wilson_interval(correct, n) == pytest.approx((low, high), abs=5e-4)


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

    comparison = compare_models(labels, first, second)

    assert (comparison.gained, comparison.lost, comparison.net) == (2, 1, 1)
    assert comparison.p_value == 1
    assert comparison.loss_difference == pytest.approx(log_loss(labels, first) - log_loss(labels, second))
    assert comparison.loss_low < comparison.loss_difference < comparison.loss_high


def test_a_model_does_not_differ_from_itself():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6]])

    assert compare_models(np.array([0, 1]), probabilities, probabilities) == (0, 0, 1, 0, 0, 0)


def test_swapping_the_models_turns_the_comparison_around():
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 2
    first, second = generator.dirichlet((1, 1), 40), generator.dirichlet((1, 1), 40)
    there, back = compare_models(labels, first, second), compare_models(labels, second, first)

    assert (there.gained, there.lost, there.p_value) == (back.lost, back.gained, back.p_value)
    assert (there.loss_low, there.loss_high) == pytest.approx((-back.loss_high, -back.loss_low))


def test_bootstrap_interval_is_near_the_normal_one():
    values = np.random.default_rng(3).normal(2.0, 1.0, (400, 1))
    margin = 1.96 * values.std(ddof=1) / 20

    low, high = bootstrap_means(values)[:, 0]

    assert (low, high) == pytest.approx((values.mean() - margin, values.mean() + margin), abs=0.15 * margin)


def test_bootstrap_interval_is_near_all_possible_draws():
    values = np.array([0.0, 1.0, 5.0])
    draws = np.array(np.meshgrid(*[values] * 3)).reshape(3, -1).mean(axis=0)

    low, high = bootstrap_means(values[:, np.newaxis], resamples=20_000)[:, 0]

    assert (low, high) == pytest.approx(np.quantile(draws, (0.025, 0.975), method="inverted_cdf"))


def test_bootstrap_draws_the_same_rows_for_all_columns_and_is_seeded():
    values = np.random.default_rng(0).normal(size=(30, 1))
    interval = bootstrap_means(np.hstack([values, values + 1]))

    assert interval[:, 1] == pytest.approx(interval[:, 0] + 1)
    assert np.array_equal(interval, bootstrap_means(np.hstack([values, values + 1])))


@pytest.mark.parametrize("n", [0, 1])
def test_an_interval_of_less_than_two_rows_is_refused(n):
    with pytest.raises(PipelineError, match=rf"at least 2 test images, received {n}: raise data\.splits\.test"):
        bootstrap_means(np.zeros((n, 1)))
