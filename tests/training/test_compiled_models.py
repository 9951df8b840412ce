import keras
import numpy as np

from stacker.training.batches import Batches, encode_targets
from stacker.training.compiled_models import CompiledModels
from stacker.training.fitting import FitSettings, fit_model, make_deterministic

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.normal(size=(50, 6)).astype(np.float32)
LABELS = (INPUTS[:, 0] > 0.2).astype(np.int64)


def build(rate: float = 0.3) -> keras.Model:
    keras.utils.set_random_seed(4)
    layers = [keras.Input((6,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(rate), keras.layers.Dense(1)]
    return keras.Sequential(layers, name="small")


def fit(rows: np.ndarray, settings: FitSettings, compiled: CompiledModels | None) -> tuple[keras.Model, list]:
    model, targets = build(), encode_targets(LABELS, 1)
    train = Batches(INPUTS, targets, rows, settings.batch_size, settings.seed)
    watched = Batches(INPUTS, targets, np.arange(40, 50), 10)
    return model, fit_model(model, train, watched, settings, "head", compiled=compiled)


def test_fits_that_share_a_compiled_model_give_what_each_gives_alone():
    make_deterministic()
    compiled = CompiledModels()
    settings = FitSettings(4, 6, 0.02, "adam", "cosine", patience=2, seed=7)
    folds = [np.arange(30), np.arange(10, 40), np.arange(24)]  # the last has a step less
    for rows in folds:
        alone, epochs = fit(rows, settings, None)
        shared, received = fit(rows, settings, compiled)

        assert received == epochs
        for value, expected in zip(shared.variables, alone.variables, strict=True):  # dropout's generator too
            np.testing.assert_array_equal(np.asarray(value), np.asarray(expected))


def test_what_one_fit_gave_stays_when_another_follows():
    compiled = CompiledModels()
    first, _ = fit(np.arange(30), FitSettings(2, 6, 0.1), compiled)
    kept = first.get_weights()

    fit(np.arange(10, 40), FitSettings(2, 6, 0.1), compiled)

    for value, expected in zip(first.get_weights(), kept, strict=True):
        np.testing.assert_array_equal(value, expected)


def test_keras_compiles_once_for_equal_numbers_of_steps():
    compiled, seen = CompiledModels(), []

    def compile_model(model: keras.Model) -> None:
        seen.append(model)
        model.compile("adam", "mse")

    taken = [compiled.take(build(), key, compile_model) for key in (5, 5, 4, 5)]

    assert taken == [seen[0], seen[0], seen[1], seen[0]]
