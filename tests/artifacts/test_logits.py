import numpy as np
import pytest

from stacker.artifacts.logits import compute_probabilities, spread_classes, spread_logits


def test_spread_classes_gives_a_sigmoid_two_columns():
    received = spread_classes(np.array([[np.log(0.25 / 0.75)], [0.0]], np.float32))

    assert received.dtype == np.float64
    np.testing.assert_allclose(received, [[0.75, 0.25], [0.5, 0.5]], rtol=1e-7)


def test_a_sure_sigmoid_is_as_wrong_for_one_class_as_for_the_other():
    probabilities = spread_classes(np.array([[-30.0], [30.0]], np.float32))

    # as probabilities in float32 the first would be 1 - 9e-14 = 1 and its complement 0
    np.testing.assert_allclose(-np.log([probabilities[0, 1], probabilities[1, 0]]), [30, 30], rtol=1e-7)


def test_spread_classes_gives_a_softmax_that_sums_to_one():
    received = spread_classes(np.log(np.array([[0.2, 0.3, 0.5]])).astype(np.float32) + 40)

    np.testing.assert_allclose(received, [[0.2, 0.3, 0.5]], rtol=1e-5)
    assert received.sum() == pytest.approx(1, abs=1e-15)


def test_logits_mean_the_same_from_a_sigmoid_and_from_a_softmax_of_two():
    sigmoid = np.array([[2.0], [-1.0]], np.float32)
    softmax = np.array([[5.0, 7.0], [0.5, -0.5]], np.float32)

    assert spread_logits(sigmoid).tolist() == spread_logits(softmax).tolist() == [[2], [-1]]


def test_logits_of_more_classes_are_log_probabilities():
    logits = np.log(np.array([[0.2, 0.3, 0.5]])) - 7

    np.testing.assert_allclose(np.exp(spread_logits(logits)), [[0.2, 0.3, 0.5]])


@pytest.mark.parametrize("width", [1, 3])
def test_probabilities_are_what_the_saved_model_gives(width):
    logits = np.random.default_rng(0).normal(0, 3, (5, width)).astype(np.float32)

    received = compute_probabilities(logits)

    assert (received.dtype, received.shape) == (np.float32, logits.shape)
    spread = spread_classes(logits)
    np.testing.assert_allclose(received, spread[:, 1:] if width == 1 else spread, rtol=1e-5)
