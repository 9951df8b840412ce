import numpy as np
import pytest

from stacker.uncertainty.prediction_sets import LEVELS, build_sets, choose_level, find_thresholds

NINETEEN = np.linspace(0.05, 0.95, 19)  # probabilities of the right class, in steps of 0.05


def two_classes(right: np.ndarray) -> np.ndarray:
    """Rows whose first class, the right one, has these probabilities."""
    return np.stack([right, 1 - right], axis=1)


def test_thresholds_are_the_order_statistics_of_split_conformal_prediction():
    """With n = 19 the 18th largest of them holds for 90 % of new photos, (n + 1) x 0.9 = 18, and the 19th for 95 %."""
    shuffled = np.random.default_rng(1).permutation(NINETEEN)

    thresholds = find_thresholds(np.zeros(19, np.int64), two_classes(shuffled))

    assert thresholds == {"0.9": pytest.approx(0.1), "0.95": pytest.approx(0.05), "0.99": 0.0}


def test_where_the_rank_is_whole_rounding_does_not_ask_for_one_more():
    right = np.linspace(0.001, 0.999, 1999)

    thresholds = find_thresholds(np.zeros(1999, np.int64), two_classes(right))

    assert thresholds["0.95"] == pytest.approx(right[::-1][1900 - 1])
    assert thresholds["0.99"] == pytest.approx(right[::-1][1980 - 1])


def test_the_probability_of_the_right_class_counts():
    probabilities = np.tile([0.7, 0.2, 0.1], (9, 1))

    assert find_thresholds(np.full(9, 1), probabilities)["0.9"] == 0.2
    assert find_thresholds(np.full(9, 2), probabilities)["0.9"] == 0.1


def test_a_set_has_every_class_from_the_threshold_on_and_always_the_likely_one():
    probabilities = np.array([[0.5, 0.3, 0.2], [0.1, 0.6, 0.3], [0.34, 0.33, 0.33]])

    assert build_sets(probabilities, 0.3).tolist() == [[True, True, False], [False, True, True], [True, True, True]]
    assert build_sets(probabilities, 0.7).sum(axis=1).tolist() == [1, 1, 1]
    assert build_sets(probabilities, 0.7).argmax(axis=1).tolist() == [0, 1, 0]
    assert build_sets(probabilities, 0.0).all()


def test_sets_of_a_higher_level_hold_those_of_a_lower():
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet(np.ones(4), 300)
    labels = np.array([generator.choice(4, p=row) for row in probabilities])
    thresholds = find_thresholds(labels, probabilities)

    sets = [build_sets(probabilities, thresholds[level]) for level in LEVELS]

    assert (sets[0] <= sets[1]).all()
    assert (sets[1] <= sets[2]).all()
    assert sets[2].sum() > sets[0].sum()


@pytest.mark.parametrize("level", LEVELS)
def test_the_right_class_is_in_the_set_as_often_as_asked_on_the_average(level):
    """Of a model that is right in half of its answers; sets that would be empty raise it a little."""
    generator = np.random.default_rng(3)
    covered = []
    for _ in range(400):
        probabilities = generator.dirichlet(np.full(5, 0.7), 300)
        labels = (probabilities.cumsum(axis=1) < generator.random((300, 1))).sum(axis=1).clip(max=4)
        threshold = find_thresholds(labels[:100], probabilities[:100])[level]
        covered.append(build_sets(probabilities[100:], threshold)[np.arange(200), labels[100:]].mean())

    assert float(level) - 0.004 < np.mean(covered) < float(level) + 0.015


@pytest.mark.parametrize(
    ("accuracy", "thresholds", "level"),
    [
        (0.85, (0.5, 0.4, 0.2), "0.9"),
        (0.9, (0.5, 0.4, 0.2), "0.95"),
        (0.97, (0.5, 0.4, 0.2), "0.99"),
        (0.999, (0.5, 0.4, 0.2), "0.99"),
        (0.97, (0.5, 0.4, 0.0), "0.95"),  # too few photos for 99 %
        (0.97, (0.0, 0.0, 0.0), "0.99"),
    ],
)
def test_verdicts_go_by_the_lowest_level_above_the_accuracy(accuracy, thresholds, level):
    assert choose_level(accuracy, dict(zip(LEVELS, thresholds, strict=True))) == level
