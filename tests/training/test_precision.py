"""Training in float16: what is too small for it must reach the weights all the same."""

import keras
import numpy as np
import pytest

from stacker.artifacts.curves import Epoch
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, fit_model

INPUTS = np.random.default_rng(0).normal(size=(24, 5)).astype(np.float32)
LABELS = np.arange(24) % 3 % 2
TINY = 1e-7  # of a row's weight: its gradient is about 4e-9, and the smallest float16 is 6e-8


def build_model(policy: str) -> keras.Model:
    """As a member is built: the network inside has the policy, the model around it has none."""
    keras.utils.set_random_seed(0)
    inner = keras.layers.Dense(6, "tanh", dtype=policy, name="network")(inputs := keras.Input((5,)))
    return keras.Model(inputs, keras.layers.Dense(1, dtype="float32")(inner), name="small")


def fit(precision: str, weight: float = 1.0, **changes) -> tuple[keras.Model, list[Epoch]]:
    model = build_model("mixed_float16" if precision == "mixed_float16" else "float32")
    targets = encode_targets(LABELS, 1)
    train = Batches(INPUTS, targets, np.arange(16), 8, 0, np.full(24, weight, np.float32))
    settings = FitSettings(**{"epochs": 2, "batch_size": 8, "learning_rate": 0.1, "optimizer": "sgd", **changes})
    history = fit_model(
        model, train, Batches(INPUTS, targets, np.arange(16, 24), 8), settings._replace(precision=precision), "all"
    )
    return model, history


def move(precision: str) -> np.ndarray:
    """How far the float16 layer's kernel went, on gradients too small for float16."""
    model, _ = fit(precision, TINY, learning_rate=1e5)
    return model.get_layer("network").get_weights()[0] - build_model("float32").get_layer("network").get_weights()[0]


def test_gradients_too_small_for_float16_move_the_weights_as_they_do_in_float32():
    expected, received = move("float32"), move("mixed_float16")

    assert np.abs(expected).max() > 1e-4
    np.testing.assert_allclose(received, expected, rtol=0.05, atol=0.02 * np.abs(expected).max())


@pytest.mark.parametrize(
    ("schedule", "rates"), [("constant", [0.1] * 4), ("cosine", 0.1 * (1 + np.cos(np.pi * np.arange(1, 5) / 4)) / 2)]
)
def test_the_learning_rate_is_noted_as_without_a_scaled_loss(schedule, rates):
    _, history = fit("mixed_float16", schedule=schedule, epochs=4)

    np.testing.assert_allclose([epoch.learning_rate for epoch in history], rates, atol=1e-7)


def test_the_best_weights_come_back_as_without_a_scaled_loss():
    model, history = fit("mixed_float16", learning_rate=30.0, epochs=9, patience=3)

    best = min(history, key=lambda epoch: epoch.val_loss)
    assert best.val_loss < history[-1].val_loss
    received = model.evaluate(INPUTS[16:], encode_targets(LABELS, 1)[16:], verbose=0, return_dict=True)["loss"]
    assert received == pytest.approx(best.val_loss, rel=1e-3)
