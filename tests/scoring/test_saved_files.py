import numpy as np
import pytest
from helpers import make_predictions

from stacker.scoring.rows import Rows
from stacker.scoring.saved_files import compare_saved_file

LABELS = np.array([0, 0, 1, 1, 1, 0])
TEST = Rows(LABELS, np.arange(6))


def log_odds(*probabilities: float) -> np.ndarray:
    values = np.array(probabilities)
    return np.log(values / (1 - values))[:, np.newaxis].astype(np.float32)


def test_a_saved_file_is_compared_with_what_was_scored_on_the_same_photos():
    predictions = make_predictions(
        test=log_odds(0.9, 0.2, 0.6, 0.45, 0.8, 0.3),
        saved_rows=np.array([1, 2, 3, 4]),
        saved_test=np.array([[0.3], [0.4], [0.55], [0.8]], np.float32),
    )

    found = compare_saved_file(predictions, TEST)

    assert found == {
        "n": 4,
        "largest_difference": pytest.approx(0.2),
        "mean_difference": pytest.approx(0.1),  # of 0.1, 0.2, 0.1, 0
        "equal": 0.5,
        "accuracy": 0.75,  # the third row is right in int8 alone, the fourth in the file alone
        "accuracy_int8": 0.75,
        "accuracy_low": pytest.approx(0.3006, abs=1e-4),
        "accuracy_high": pytest.approx(0.9544, abs=1e-4),
    }


def test_the_accuracies_are_not_mixed_up():
    predictions = make_predictions(
        test=log_odds(0.9, 0.2, 0.6, 0.45, 0.8, 0.3),
        saved_rows=np.array([0, 5]),
        saved_test=np.array([[0.1], [0.2]], np.float32),
    )

    found = compare_saved_file(predictions, TEST)

    assert found is not None
    assert (found["accuracy"], found["accuracy_int8"]) == (1.0, 0.5)


def test_where_the_file_is_the_network_that_was_scored_there_is_nothing_to_compare():
    assert compare_saved_file(make_predictions(test=log_odds(0.9, 0.2)), TEST) is None
