import numpy as np
import pytest
from scipy.optimize import brentq

from stacker.artifacts.errors import PipelineError
from stacker.scoring.intervals import compute_accuracy_interval, compute_wilson_interval, resample_means, take_interval


@pytest.mark.parametrize(
    ("correct", "n", "low", "high"),
    # R. Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_compute_wilson_interval_as_published(correct, n, low, high):
    assert compute_wilson_interval(correct / n, n) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("correct", "n"), [(6, 8), (990, 1000), (1, 2)])
def test_compute_wilson_interval_inverts_the_score_test(correct, n):
    share, z = correct / n, 1.959963984540054

    def excess(truth: float) -> float:
        return abs(share - truth) - z * np.sqrt(truth * (1 - truth) / n)

    expected = brentq(excess, 1e-9, share), brentq(excess, share, 1 - 1e-9)
    assert compute_wilson_interval(share, n) == pytest.approx(expected, abs=1e-9)


def test_photos_that_are_no_copies_get_wilsons_own_interval():
    right = np.arange(40) % 8 > 0  # 35 of 40

    assert compute_accuracy_interval(right, np.arange(40) + 7) == compute_wilson_interval(35 / 40, 40)


def test_a_photo_that_is_there_three_times_counts_once():
    right = np.arange(40) % 8 > 0

    received = compute_accuracy_interval(np.repeat(right, 3), np.repeat(np.arange(40), 3))

    # the estimate of the design effect is 3 * 40 / 39: of 40 groups there are 39 degrees of freedom
    assert received == pytest.approx(compute_wilson_interval(35 / 40, 39), abs=1e-12)


def test_one_group_of_copies_among_many_photos_widens_a_little():
    right = np.ones(60, bool)
    right[:6] = False  # five mistakes and the copy of one of them
    groups = np.array([0, 0, *range(1, 59)])
    # the groups' totals less 0.9 a photo: -1.8 once, -0.9 four times, 0.1 for the other 54
    effect = 59 / 58 * (1.8**2 + 4 * 0.9**2 + 54 * 0.1**2) / 60**2 / (0.9 * 0.1 / 60)

    received = compute_accuracy_interval(right, groups)

    assert effect == pytest.approx(1.3224, abs=1e-4)
    assert received == pytest.approx(compute_wilson_interval(0.9, 60 / effect), abs=1e-12)


@pytest.mark.parametrize(("right", "share"), [(True, 1.0), (False, 0.0)])
def test_where_all_are_right_or_wrong_the_groups_are_counted(right, share):
    received = compute_accuracy_interval(np.full(12, right), np.repeat(np.arange(4), 3))

    assert received == compute_wilson_interval(share, 4)


@pytest.mark.parametrize(("copies", "least"), [(2, 0.93), (5, 0.93)])
def test_the_interval_covers_the_truth_when_photos_come_in_copies(copies, least):
    generator = np.random.default_rng(0)
    groups = np.repeat(np.arange(300), copies)
    covered = naive = 0
    for _ in range(400):
        right = np.repeat(generator.random(300) < 0.95, copies)
        low, high = compute_accuracy_interval(right, groups)
        covered += low <= 0.95 <= high
        low, high = compute_wilson_interval(right.mean(), len(right))
        naive += low <= 0.95 <= high

    assert covered / 400 >= least
    assert naive / 400 < 0.88  # 95 % was promised


def make_interval(values, **options):
    return take_interval(resample_means(values, np.arange(len(values)), **options))


def test_bootstrap_interval_is_near_the_normal_one():
    values = np.random.default_rng(3).normal(2.0, 1.0, (400, 1))
    margin = 1.96 * values.std(ddof=1) / 20

    low, high = make_interval(values)[:, 0]

    assert (low, high) == pytest.approx((values.mean() - margin, values.mean() + margin), abs=0.15 * margin)


def test_bootstrap_interval_is_near_all_possible_draws():
    values = np.array([0.0, 1.0, 5.0])
    draws = np.array(np.meshgrid(*[values] * 3)).reshape(3, -1).mean(axis=0)

    low, high = make_interval(values[:, np.newaxis], resamples=20_000)[:, 0]

    assert (low, high) == pytest.approx(np.quantile(draws, (0.025, 0.975), method="inverted_cdf"))


def test_bootstrap_draws_the_same_rows_for_all_columns_and_is_seeded():
    values = np.random.default_rng(0).normal(size=(30, 1))
    interval = make_interval(np.hstack([values, values + 1]))

    assert interval[:, 1] == pytest.approx(interval[:, 0] + 1)
    assert np.array_equal(interval, make_interval(np.hstack([values, values + 1])))


def test_bootstrap_draws_whole_groups():
    values = np.array([[1.0], [5.0], [5.0]])  # a photo, and two copies of another

    means = resample_means(values, np.array([8, 3, 3]), resamples=500)[:, 0]

    assert set(means.tolist()) == {1.0, 11 / 3, 5.0}  # (1, 1), (1, 5, 5), (5, 5, 5, 5)


@pytest.mark.parametrize("n", [0, 1, 3])
def test_an_interval_of_less_than_two_groups_is_refused(n):
    with pytest.raises(PipelineError, match=rf"at least 2 different images, received {min(n, 1)}: raise data\.splits"):
        resample_means(np.zeros((n, 1)), np.zeros(n, int))
