import keras
import pytest

from stacker.settings.training import Augmentation
from stacker.training.augmentation import augment_inputs
from stacker.training.compiling import choose_compilation, choose_steps

IS_JAX = keras.backend.backend() == "jax"


@pytest.mark.parametrize(("setting", "expected"), [("auto", IS_JAX), (True, True), (False, False)])
def test_auto_compiles_on_jax_alone(setting, expected):
    assert choose_compilation(setting) is expected


@pytest.mark.parametrize(
    ("backend", "auto", "steps"), [("jax", True, 7), ("torch", False, 1), ("tensorflow", False, 7)]
)
def test_each_backend_is_asked_for_what_it_can(monkeypatch, backend, auto, steps):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)

    assert choose_compilation("auto") is auto
    assert choose_steps(7) == steps


def test_augmentation_keeps_no_network_from_being_compiled_on_jax():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, keras.layers.Flatten()(inputs), name="pet")
    settings = Augmentation(horizontal_flip=True, rotation_degrees=10, shift=0.1, zoom=0.1)

    augmented = augment_inputs(model, settings, seed=0)

    flags = {layer.name: layer.supports_jit for layer in augmented.layers if layer.name.startswith("random")}
    assert len(flags) == 4
    assert all(flags.values()) is IS_JAX
