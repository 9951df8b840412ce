"""What NumPy makes of a meta-model is what Keras makes of it."""

import keras
import numpy as np
import pytest
from scipy.special import expit

from stacker.ensembles.meta_model import build_meta_model, extract_weights, restore_meta_model
from stacker.ensembles.meta_weights import MetaWeights, apply_meta_weights, divide_logits


@pytest.mark.parametrize("takes_logits", [False, True])
@pytest.mark.parametrize("hidden", [[], [5], [7, 4]])
@pytest.mark.parametrize(("classes", "width"), [(2, 1), (2, 2), (4, 4)])
@pytest.mark.parametrize("members", [["b", "a"], ["alone"]])
def test_numpy_gives_what_keras_gives(hidden, classes, width, members, takes_logits):
    widths = dict.fromkeys(members, width)
    model = build_meta_model(widths, takes_logits, hidden, classes, seed=3)
    generator = np.random.default_rng(0)
    for layer in model.layers:  # biases are 0 at first, and would prove nothing
        layer.set_weights([generator.normal(size=values.shape) for values in layer.get_weights()])
    logits = {member: generator.normal(0, 2, (20, width)).astype(np.float32) for member in members}
    weights = extract_weights(model)._replace(takes_logits=takes_logits)

    received = apply_meta_weights(weights, logits)

    for keras_model in (model, restore_meta_model(weights, widths, classes)):
        expected = keras.ops.convert_to_numpy(keras_model([logits[member] for member in members]))
        assert received.shape == expected.shape
        assert received == pytest.approx(expected, abs=1e-5)


def test_a_meta_model_of_one_layer_by_hand():
    kernel = np.array([[2.0], [-1.0], [10.0], [100.0]])  # the logits of b and a, then their probabilities
    weights = MetaWeights(["b", "a"], True, [(kernel, np.array([0.5]))])
    logits = {"a": np.array([[3.0]], np.float32), "b": np.array([[-1.0]], np.float32)}

    received = apply_meta_weights(weights, logits)

    assert received == pytest.approx(np.array([[2 * -1 - 3 + 10 * expit(-1) + 100 * expit(3) + 0.5]]), rel=1e-6)
    assert received.dtype == np.float32


def test_a_temperature_divides_the_logits_alone():
    layers = [(np.array([[1.0, 2.0]]), np.array([3.0, -1.0])), (np.array([[4.0], [-6.0]]), np.array([2.0]))]
    weights = MetaWeights(["only"], False, layers)
    logits = {"only": np.array([[-1.0], [0.0], [2.0]], np.float32)}

    received = apply_meta_weights(divide_logits(weights, 2.5), logits)

    assert received == pytest.approx(apply_meta_weights(weights, logits) / 2.5, rel=1e-6)
