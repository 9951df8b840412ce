import numpy as np
import pytest
from golden import THREE, THREE_LABELS

from stacker.scoring.details import count_confusion, describe_answers, describe_calibration
from stacker.scoring.intervals import compute_wilson_interval

CLASSES = ["cat", "dog", "owl"]


def test_confusion_has_truth_first_and_leaves_out_what_never_happens():
    assert count_confusion(THREE_LABELS, THREE.argmax(axis=1), [*CLASSES, "yak"]) == {
        "cat": {"cat": 1, "dog": 1},
        "dog": {"dog": 2},
        "owl": {"cat": 1, "owl": 1},
        "yak": {},
    }


def test_calibration_says_by_bin_what_was_promised_and_what_came_of_it():
    second = np.array([0.97, 0.95, 0.01, 0.6])
    received = describe_calibration(
        np.array([1, 0, 0, 0]), np.stack([1 - second, second], axis=1), np.array([0, 1, 2, 3])
    )

    low, high = compute_wilson_interval(2 / 3, 3)
    assert list(received) == ["0.5333 to 0.6000", "0.9333 to 1.0000"]
    assert received["0.5333 to 0.6000"]["accuracy"] == 0
    assert received["0.9333 to 1.0000"] == {
        "n": 3,
        "confidence": pytest.approx((0.97 + 0.95 + 0.99) / 3),
        "accuracy": pytest.approx(2 / 3),
        "accuracy_low": pytest.approx(low),
        "accuracy_high": pytest.approx(high),
    }


def test_a_recall_has_the_interval_of_its_own_photos_and_copies_count_once():
    groups = np.array([0, 1, 2, 2, 4, 5])

    details = describe_answers(THREE_LABELS, THREE, CLASSES, groups)

    assert details["recall_low"] == {
        "cat": pytest.approx(compute_wilson_interval(0.5, 2)[0]),
        "dog": pytest.approx(compute_wilson_interval(1.0, 1)[0]),  # two copies of one photo
        "owl": pytest.approx(compute_wilson_interval(0.5, 2)[0]),
    }
    assert details["recall_high"]["dog"] == 1
    assert {"brier_low", "confusion", "calibration"} <= set(details)
