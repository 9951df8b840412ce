import keras
import numpy as np
import pytest
from backend_marks import BACKEND

from stacker.training import epoch_steps
from stacker.training.batches import Batches, encode_targets
from stacker.training.compiled_models import CompiledModels
from stacker.training.epoch_steps import EpochModel, may_be_held
from stacker.training.fitting import FitSettings, fit_model, make_deterministic

pytestmark = pytest.mark.skipif(BACKEND != "tensorflow", reason="TensorFlow holds the arrays")

GENERATOR = np.random.default_rng(3)
INPUTS = GENERATOR.normal(size=(60, 7)).astype(np.float32)
LABELS = (INPUTS[:, 1] > 0.1).astype(np.int64) + (INPUTS[:, 0] > 1)
WEIGHTS = GENERATOR.uniform(0.2, 3.0, size=60).astype(np.float32)


class Taken(CompiledModels):
    """Notes what it hands out."""

    def __init__(self):
        super().__init__()
        self.models = []

    def take(self, *arguments):
        self.models.append(super().take(*arguments))
        return self.models[-1]


def build(width: int) -> keras.Model:
    keras.utils.set_random_seed(4)
    layers = [keras.Input((7,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.3), keras.layers.Dense(width)]
    return keras.Sequential(layers, name="small")


def fit(rows, settings, compiled, width=3, weights=None, inputs=INPUTS):
    labels = LABELS if width > 1 else np.minimum(LABELS, 1)
    model, targets = build(width), encode_targets(labels, width)
    train = Batches(inputs, targets, rows, settings.batch_size, settings.seed, weights)
    watched = Batches(inputs, targets, np.arange(47, 60), settings.batch_size, weights=weights)
    return model, fit_model(model, train, watched, settings, "head", compiled=compiled)


@pytest.mark.parametrize(("width", "weights"), [(1, WEIGHTS), (3, None)])
def test_an_epoch_as_one_step_gives_what_batch_after_batch_gives(width, weights):
    make_deterministic()
    compiled, settings = Taken(), FitSettings(6, 8, 0.03, "adam", "cosine", patience=3, seed=7)
    # the last batch is smaller than the others, in each fold otherwise, and stands anywhere in the order
    for rows in (np.arange(29), np.arange(10, 47), np.arange(0, 46, 2)):
        alone, epochs = fit(rows, settings, None, width, weights)
        held, received = fit(rows, settings, compiled, width, weights)

        assert received == epochs
        for value, expected in zip(held.variables, alone.variables, strict=True):  # dropout's generator too
            np.testing.assert_array_equal(np.asarray(value), np.asarray(expected))
    assert {type(model) for model in compiled.models} == {EpochModel}


def test_folds_of_other_rows_and_other_arrays_are_compiled_once(monkeypatch):
    compiled, settings, traced = Taken(), FitSettings(2, 8, 0.03), []
    run = EpochModel._run
    monkeypatch.setattr(EpochModel, "_run", lambda *arguments: traced.append(arguments[2]) or run(*arguments))
    counts = []
    for rows, scale in ((np.arange(29), 1), (np.arange(10, 41), 2), (np.arange(18, 47), 3)):
        fit(rows, settings, compiled, inputs=INPUTS * scale)
        counts.append(len(traced))

    assert len(set(compiled.models)) == 1
    assert set(traced) == {0, 1}
    assert counts == [counts[0]] * 3


def test_arrays_that_are_large_or_several_are_not_held(monkeypatch):
    def batches(inputs):
        return Batches(inputs, encode_targets(LABELS, 1), np.arange(9), 4)

    assert may_be_held(batches(INPUTS), batches(INPUTS))
    assert not may_be_held(batches({"one": INPUTS}), batches({"one": INPUTS}))
    monkeypatch.setattr(epoch_steps, "MOST_BYTES", 2 * INPUTS.nbytes - 1)
    assert not may_be_held(batches(INPUTS), batches(INPUTS))


def test_what_is_not_held_is_fitted_all_the_same(monkeypatch):
    settings = FitSettings(3, 8, 0.03, seed=2)
    held, expected = fit(np.arange(29), settings, CompiledModels())
    monkeypatch.setattr(epoch_steps, "MOST_BYTES", 0)
    compiled = Taken()

    model, received = fit(np.arange(29), settings, compiled)

    assert not isinstance(compiled.models[0], EpochModel)
    assert received == expected
    for value, other in zip(model.get_weights(), held.get_weights(), strict=True):
        np.testing.assert_array_equal(value, other)
