"""What a saved model is to know of itself, against arrays that one can follow by hand."""

import keras
import numpy as np
import pytest
from helpers import make_description, make_predictions, write_arrays

from stacker.artifacts.preparation import Preparation
from stacker.training.describing import describe_model

COUNTS = {"train": 6, "validation": 60, "test": 4}


def log_odds(second: list[float]) -> np.ndarray:
    values = np.array(second)
    return np.log(values / (1 - values))[:, np.newaxis].astype(np.float32)


@pytest.fixture
def arrays(workspace):
    """Labels 0, 1, 0, 1, ...; rows 0 and 2 of the train split are copies."""
    write_arrays(COUNTS)
    np.save("data/arrays/train/groups.npy", np.array([0, 1, 0, 2, 3, 4]))
    np.save("data/arrays/validation/groups.npy", np.arange(60) // 2)


def describe(**changes):
    held_out = {"held_out": log_odds([0.2, 0.9, 0.4, 0.3]), "held_out_rows": np.array([0, 1, 2, 5])}
    given = {"held_out_fold": np.arange(4), "train": np.zeros((6, 1), np.float32)}
    validation = {"validation": log_odds([0.01, 0.99] * 29 + [0.7, 0.4]), "novelty_validation": np.arange(60.0)}
    predictions = make_predictions(**{**held_out, **given, **validation, **changes})
    members = make_description("pet").members
    return describe_model("member", "pet", members, "fedcba9876543210", predictions)


def test_it_tells_of_classes_preparation_backend_and_packages(arrays):
    described = describe()

    assert (described.kind, described.label, described.classes) == ("member", "pet", ["class_0", "class_1"])
    assert described.preparation == Preparation(side=32)
    assert described.settings == "fedcba9876543210"
    assert described.backend == keras.config.backend()
    assert described.versions["keras"] == ".".join(keras.__version__.split(".")[:2])
    assert "matplotlib" not in described.versions


def test_scores_are_of_the_held_out_rows(arrays):
    """Of rows 0, 1, 2 and 5, of classes 0, 1, 0 and 1, the first three are right; 0 and 2 are copies."""
    held_out = describe().held_out

    assert (held_out.rows, held_out.n, held_out.groups, held_out.right) == ("holdout", 4, 3, 3)
    assert held_out.log_loss == pytest.approx(-np.log([0.8, 0.9, 0.6, 0.3]).mean(), abs=1e-4)


def test_where_predictions_are_leaked_the_validation_split_stands_in(arrays):
    held_out = describe(held_out_fold=np.full(4, -1)).held_out

    assert (held_out.rows, held_out.n, held_out.groups, held_out.right) == ("validation", 60, 30, 58)


def test_thresholds_are_of_the_validation_split(arrays):
    """Of 60 photos the right class has 0.99 in 58, 0.3 and 0.4 in two: ranks 55, 58 and 61 of 60."""
    thresholds = describe(is_watched=np.array(True)).thresholds

    assert thresholds.sets == {"0.9": pytest.approx(0.99), "0.95": pytest.approx(0.99), "0.99": 0.0}
    assert thresholds.level == "0.9"  # the held-out accuracy is 0.75
    assert thresholds.novelty == 59.0  # rank 60 of 60
    assert (thresholds.n, thresholds.groups, thresholds.is_watched) == (60, 30, True)
