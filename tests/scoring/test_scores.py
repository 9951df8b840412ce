"""Golden numbers, each worked out by hand beside the test."""

import numpy as np
import pytest
from golden import BINARY, LABELS, THREE, THREE_LABELS

from stacker.scoring.scores import bin_confidence, compute_calibration_error, compute_recalls, compute_scores


def test_compute_scores_of_two_classes():
    received = compute_scores(LABELS, BINARY, ["cat", "dog"], np.array([0, 1, 1, 2, 3, 4, 5, 6]))

    assert (received["n"], received["groups"]) == (8, 7)
    assert received["accuracy"] == 0.75  # 0.6 for a cat and 0.4 for a dog are wrong
    assert received["log_loss"] == pytest.approx(-(np.log(0.9) + np.log(0.8) + np.log(0.4) + np.log(0.7)) / 4)
    assert received["log_loss"] == pytest.approx(0.4003674, abs=1e-7)
    assert received["brier"] == pytest.approx((0.01 + 0.04 + 0.36 + 0.09) / 4)
    assert received["roc_auc"] == pytest.approx(15 / 16)  # of 16 pairs, 0.4 loses to 0.6 alone
    assert received["average_precision"] == pytest.approx((1 + 1 + 1 + 4 / 5) / 4)
    assert received["f1"] == pytest.approx(2 * 3 / (2 * 3 + 1 + 1))
    assert received["recall"] == {"cat": 0.75, "dog": 0.75}
    # Each confidence has a bin of its own: (0.2 + 0.4 + 0.6 for the hits at 0.9, 0.8, 0.7, and 1.2 for the misses) / 8.
    assert received["calibration_error"] == pytest.approx(2.4 / 8)


def test_compute_scores_of_three_classes():
    received = compute_scores(THREE_LABELS, THREE, ["cat", "dog", "owl"], np.arange(6))

    assert received["n"] == 6
    assert received["accuracy"] == pytest.approx(4 / 6)
    assert received["log_loss"] == pytest.approx(-np.log([0.7, 0.4, 0.8, 0.6, 0.8, 0.3]).mean())
    assert received["log_loss"] == pytest.approx(0.572342, abs=1e-6)
    assert received["brier"] == pytest.approx((0.14 + 0.62 + 0.06 + 0.24 + 0.06 + 0.78) / 6)
    assert received["roc_auc"] == pytest.approx((7 / 8 + 1 + 1) / 3)
    assert received["average_precision"] == pytest.approx(((1 + 2 / 3) / 2 + 1 + 1) / 3)
    assert received["f1"] == pytest.approx((1 / 2 + 4 / 5 + 2 / 3) / 3)
    assert received["recall"] == {"cat": 0.5, "dog": 1.0, "owl": 0.5}
    assert received["balanced_accuracy"] == pytest.approx(2 / 3)
    assert received["calibration_error"] == pytest.approx((1.0 + 0.4 + 0.3 + 0.4) / 6)


def test_scores_of_two_classes_are_those_of_the_second_one():
    # Unequal classes, and mistakes of unequal kind: the first class has other scores, and so have their means.
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    second = np.array([0.05, 0.15, 0.25, 0.35, 0.65, 0.45, 0.85, 0.95])

    received = compute_scores(labels, np.stack([1 - second, second], axis=1), ["cat", "dog"], np.arange(8))

    assert received["accuracy"] == 6 / 8  # 0.65 for a cat and 0.45 for a dog are wrong
    # Of the 3 called dogs 2 are: precision 2/3, recall 2/3. Of the cats: precision 4/5, recall 4/5, so F1 0.8.
    assert received["f1"] == pytest.approx(2 / 3)
    # Down the scores: dog 0.95 (precision 1/1), dog 0.85 (2/2), cat 0.65, dog 0.45 (3/4).
    assert received["average_precision"] == pytest.approx((1 / 1 + 2 / 2 + 3 / 4) / 3)
    assert received["roc_auc"] == pytest.approx(14 / 15)  # of 3 dogs and 5 cats, one pair is the wrong way round
    assert received["brier"] == pytest.approx((0.0025 * 2 + 0.0225 * 2 + 0.0625 + 0.1225 + 0.4225 + 0.3025) / 8)
    assert received["recall"] == {"cat": 0.8, "dog": pytest.approx(2 / 3)}
    assert received["balanced_accuracy"] == pytest.approx((4 / 5 + 2 / 3) / 2)  # accuracy is 6/8


def test_compute_scores_stays_finite_when_a_model_is_certain_and_wrong():
    received = compute_scores(np.array([0, 1]), np.array([[0.0, 1.0], [1.0, 0.0]]), ["cat", "dog"], np.arange(2))

    assert received["accuracy"] == 0
    assert np.isfinite(received["log_loss"])
    assert received["recall"] == {"cat": 0, "dog": 0}


def test_calibration_error_averages_over_the_rows_of_a_bin():
    # One bin: mean confidence 0.75, half of them right.
    probabilities = np.array([[0.7, 0.3], [0.8, 0.2]])

    assert compute_calibration_error(np.array([0, 1]), probabilities, bins=1) == pytest.approx(0.25)
    assert compute_calibration_error(np.array([0, 0]), np.array([[1.0, 0.0]] * 2)) == 0


def test_calibration_has_fifteen_bins():
    # In 15 bins 0.70 and 0.72 share one, and so do 0.805 and 0.82. 14 bins part the former (10/14 = 0.714), 16 the
    # latter (13/16 = 0.8125). Of each pair one is right, the other wrong.
    labels = np.array([1, 0, 1, 0])
    second = np.array([0.3, 0.28, 0.195, 0.18])
    probabilities = np.stack([1 - second, second], axis=1)

    assert compute_calibration_error(labels, probabilities) == pytest.approx(((1.42 - 1) + (1.625 - 1)) / 4)
    assert compute_calibration_error(labels, probabilities, 14) == pytest.approx((0.7 + 0.28 + (1.625 - 1)) / 4)
    assert compute_calibration_error(labels, probabilities, 16) == pytest.approx(((1.42 - 1) + 0.805 + 0.18) / 4)


def test_bin_confidence_closes_bins_on_the_right():
    confidence, hits, counts = bin_confidence(np.array([0, 0, 1]), np.array([[0.5, 0.5], [0.51, 0.49], [1.0, 0.0]]), 2)

    assert counts.tolist() == [1, 2]
    assert hits.tolist() == [1, 1]
    np.testing.assert_allclose(confidence, [0.5, 1.51])


@pytest.mark.filterwarnings("ignore:Only one class is present", "ignore:No positive class found")  # no owl: no ROC
def test_a_class_without_a_photo_keeps_its_place():
    probabilities = np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1], [0.2, 0.5, 0.3]])

    received = compute_scores(np.array([0, 1, 0]), probabilities, ["cat", "dog", "owl"], np.arange(3))

    assert received["log_loss"] == pytest.approx(-(np.log(0.7) + np.log(0.6) + np.log(0.2)) / 3)
    assert received["recall"] == {"cat": 0.5, "dog": 1.0, "owl": 0.0}
    assert received["balanced_accuracy"] == 0.75  # of the classes that are there


def test_the_recall_of_a_class_without_a_photo_is_zero_and_no_warning():
    received = compute_recalls(np.array([1, 1, 0]), np.array([1, 0, 0]), ["cat", "dog", "owl", "yak"])

    assert received == {"cat": 1.0, "dog": 0.5, "owl": 0.0, "yak": 0.0}


@pytest.mark.filterwarnings("ignore:Only one class is present", "ignore:No positive class found")  # no dog: no ROC
def test_f1_is_zero_and_no_warning_where_there_is_no_dog_and_none_is_seen():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4]])

    received = compute_scores(np.array([0, 0, 0]), probabilities, ["cat", "dog"], np.arange(3))

    assert (received["accuracy"], received["f1"]) == (1.0, 0.0)


def test_a_confidence_of_one_and_a_rounding_error_is_in_the_last_bin():
    above = np.nextafter(1.0, 2.0)  # weights that sum to one but for rounding give a mean of certain members that

    confidence, hits, counts = bin_confidence(np.array([1, 0]), np.array([[0.0, above], [0.3, 0.7]]), 3)

    assert counts.tolist() == [0, 0, 2]
    assert hits.tolist() == [0, 0, 1]
    np.testing.assert_allclose(confidence, [0, 0, 1.7])
