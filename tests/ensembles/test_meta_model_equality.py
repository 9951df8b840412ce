"""Fitting the meta-model on saved predictions is the same as fitting the assembled model on images, only faster."""

import keras
import numpy as np
import pytest

from stacker.ensembles.meta_model import build_meta_model, join_members, take_logits
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, fit_model
from stacker.training.probabilities import give_probabilities

pytestmark = pytest.mark.thorough

LABELS = ("first", "second", "third")
ROWS = 50
SIDE = 8


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (ROWS, SIDE, SIDE, 3), np.uint8)


def build_tiny_member(label: str, seed: int, width: int) -> keras.Model:
    """A network with batch normalisation, which must not move while the assembled model is fitted."""
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((SIDE, SIDE, 3), name=label)
    inner = keras.layers.Conv2D(4, 3, name=f"{label}_conv")(keras.layers.Rescaling(1 / 255)(pixels))
    inner = keras.layers.BatchNormalization(name=f"{label}_norm")(inner)
    inner = keras.layers.GlobalAveragePooling2D()(keras.layers.ReLU()(inner))
    return give_probabilities(keras.Model(pixels, keras.layers.Dense(width, name=f"{label}_logits")(inner), name=label))


def fit(model: keras.Model, inputs: dict[str, np.ndarray], targets: np.ndarray) -> list:
    batches = Batches(inputs, targets, np.arange(ROWS), 16, seed=3)
    watched = Batches(inputs, targets, np.arange(ROWS), 16)
    return fit_model(model, batches, watched, FitSettings(4, 16, 0.01, seed=5), "meta_model")


@pytest.mark.parametrize("classes", [2, 4])
def test_saved_predictions_give_the_weights_of_the_assembled_model(images, classes):
    width = 1 if classes == 2 else classes
    members = {label: build_tiny_member(label, seed, width) for seed, label in enumerate(LABELS)}
    saved = {label: take_logits(member).predict(images, verbose=0) for label, member in members.items()}
    targets = encode_targets(np.random.default_rng(1).integers(0, classes, ROWS), width)
    widths = dict.fromkeys(LABELS, width)
    alone, inside = (build_meta_model(widths, False, [10], classes, seed=7) for _ in range(2))
    untrained = [weights.copy() for weights in inside.get_weights()]
    frozen = {label: member.get_weights() for label, member in members.items()}

    history_alone = fit(alone, saved, targets)
    history_inside = fit(join_members("ensemble", members, inside), dict.fromkeys(LABELS, images), targets)

    for before, expected, received in zip(untrained, inside.get_weights(), alone.get_weights(), strict=True):
        assert not np.allclose(before, expected, atol=1e-3), "the fit has not moved the weights: nothing was compared"
        np.testing.assert_allclose(received, expected, atol=1e-5, rtol=0)
    np.testing.assert_allclose(
        [epoch.loss for epoch in history_alone], [epoch.loss for epoch in history_inside], atol=1e-5
    )
    for label, member in members.items():
        for before, after in zip(frozen[label], member.get_weights(), strict=True):
            np.testing.assert_array_equal(before, after)
