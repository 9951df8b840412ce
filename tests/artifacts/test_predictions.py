import numpy as np
import pytest
from helpers import make_predictions

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import Predictions, load_predictions, save_predictions, spread_classes


def test_predictions_come_back_as_they_were_saved(workspace):
    saved = make_predictions()

    save_predictions("first", saved)

    loaded = load_predictions("first")
    for name in Predictions._fields:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(saved, name))
        assert getattr(loaded, name).dtype == getattr(saved, name).dtype


def test_save_predictions_writes_the_same_bytes_again(workspace):
    contents = []
    for _ in range(2):
        save_predictions("first", make_predictions())
        contents.append((workspace / "data/predictions/members/first.npz").read_bytes())

    assert contents[0] == contents[1]


def test_load_predictions_says_which_stage_to_run_when_there_are_none(workspace):
    with pytest.raises(PipelineError, match=r"second\.npz is missing: run `dvc repro train@second`"):
        load_predictions("second")


@pytest.mark.parametrize(("folds", "leaked"), [([0, 1], False), ([0, -1], True), ([-1, -1], True)])
def test_predictions_tell_whether_they_are_leaked(folds, leaked):
    assert make_predictions(held_out_fold=np.array(folds)).is_leaked is leaked


def test_spread_classes_gives_a_sigmoid_two_columns():
    received = spread_classes(np.array([[0.25], [1.0]], np.float32))

    assert received.dtype == np.float64
    np.testing.assert_allclose(received, [[0.75, 0.25], [0, 1]])


def test_spread_classes_makes_rows_of_a_softmax_sum_to_one():
    received = spread_classes(np.array([[0.2, 0.3, 0.5000001]], np.float32))

    assert received.sum() == pytest.approx(1, abs=1e-15)
