import keras
import numpy as np
import openvino
import pytest
from helpers import make_training
from sklearn.utils.class_weight import compute_sample_weight

from stacker.artifacts.curves import Epoch, read_history, write_history
from stacker.artifacts.errors import PipelineError
from stacker.settings.training import Training
from stacker.training.batches import Batches, encode_targets
from stacker.training.class_weights import compute_class_weights
from stacker.training.fitting import (
    FitSettings,
    compile_model,
    fit_model,
    make_deterministic,
)
from stacker.training.phases import choose_fine_tune, choose_fit

GENERATOR = np.random.default_rng(0)
INPUTS = GENERATOR.normal(size=(40, 5)).astype(np.float32)
LABELS = (INPUTS[:, 0] > 0).astype(np.int64)


def build_model(outputs: int = 1) -> keras.Model:
    keras.utils.set_random_seed(0)
    layers = [keras.Input((5,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.2)]
    return keras.Sequential([*layers, keras.layers.Dense(outputs)], name="small")  # logits


def fit(model: keras.Model, settings: FitSettings, targets: np.ndarray | None = None) -> list[Epoch]:
    targets = encode_targets(LABELS, model.output_shape[-1]) if targets is None else targets
    train = Batches(INPUTS, targets, np.arange(30), settings.batch_size, settings.seed)
    return fit_model(model, train, Batches(INPUTS, targets, np.arange(30, 40), 10), settings, "head")


@pytest.mark.parametrize("outputs", [1, 2])
def test_fit_model_learns_and_tells_every_epoch(outputs):
    history = fit(build_model(outputs), FitSettings(12, 6, 0.05))

    assert [epoch.epoch for epoch in history] == list(range(1, 13))
    assert {epoch.phase for epoch in history} == {"head"}
    assert history[-1].loss < history[0].loss
    assert history[-1].val_accuracy >= 0.8
    assert [epoch.learning_rate for epoch in history] == pytest.approx([0.05] * 12)


def test_fit_model_is_bit_identical_when_repeated_and_depends_on_the_seed():
    make_deterministic()
    received = []
    for seed in (3, 3, 4):
        model = build_model()
        history = fit(model, FitSettings(3, 6, 0.02, seed=seed))
        received.append((history, [weights.tobytes() for weights in model.get_weights()]))

    assert received[0] == received[1]
    assert received[0][0] != received[2][0]


def test_cosine_schedule_warms_up_and_decays_to_zero():
    settings = FitSettings(epochs=7, batch_size=7, learning_rate=0.06, schedule="cosine", warmup_epochs=3)

    rates = [epoch.learning_rate for epoch in fit(build_model(), settings)]  # 5 steps an epoch, the last one shorter

    rise, fall = [0.02, 0.04, 0.06], [0.06 * (1 + np.cos(np.pi * epoch / 4)) / 2 for epoch in range(1, 5)]
    np.testing.assert_allclose(rates, [*rise, *fall], atol=1e-7)
    assert np.diff(rates[:3]).min() > 0 > np.diff(rates[2:]).max()


@pytest.mark.parametrize(
    ("schedule", "expected"), [("cosine", [0.1, 0.075, 0.025, 0.0]), ("constant", [0.1, 0.1, 0.1, 0.1])]
)
def test_a_schedule_starts_at_the_learning_rate_without_warm_up(schedule, expected):
    model = build_model()
    compile_model(model, FitSettings(epochs=3, batch_size=6, learning_rate=0.1, schedule=schedule), steps_per_epoch=7)

    rates = []
    for step in (0, 7, 14, 21):
        model.optimizer.iterations.assign(step)
        rates.append(float(model.optimizer.learning_rate))

    np.testing.assert_allclose(rates, expected, atol=1e-7)


def _validation_loss(model: keras.Model) -> float:
    targets = encode_targets(LABELS, 1)[30:]
    predicted = keras.ops.convert_to_numpy(model(INPUTS[30:], training=False))
    return float(keras.losses.BinaryCrossentropy(from_logits=True)(targets, predicted))


@pytest.mark.parametrize("epochs", [40, 4])
def test_early_stopping_restores_the_best_weights(epochs):
    model = build_model()
    noise = encode_targets(np.random.default_rng(1).integers(0, 2, 40), 1)  # nothing to learn: validation gets worse
    noise[30:] = encode_targets(LABELS, 1)[30:]

    history = fit(model, FitSettings(epochs, 6, 0.3, patience=3), noise)

    best = min(history, key=lambda epoch: epoch.val_loss)
    assert best.val_loss < history[-1].val_loss
    assert _validation_loss(model) == pytest.approx(best.val_loss, abs=1e-5)
    if epochs == 40:
        assert len(history) == best.epoch + 3


def test_without_patience_all_epochs_run_and_the_last_weights_stay():
    model = build_model()

    history = fit(model, FitSettings(5, 6, 0.3))

    assert len(history) == 5
    assert _validation_loss(model) == pytest.approx(history[-1].val_loss, abs=1e-5)


@pytest.mark.parametrize("outputs", [1, 2])
def test_fit_model_says_what_to_change_when_the_loss_is_no_number(outputs):
    with pytest.raises(PipelineError, match=r"small: the loss became (nan|inf) in epoch \d+: lower the learning rate"):
        fit(build_model(outputs), FitSettings(20, 6, 1e38, optimizer="sgd"))


def test_fit_model_says_so_when_the_last_step_alone_went_wrong():
    with pytest.raises(PipelineError, match=r"small: the loss became (nan|inf) in epoch 1: lower the learning rate"):
        fit(build_model(2), FitSettings(1, 30, 1e38, optimizer="sgd"))  # one step: only the validation loss sees it


@pytest.mark.parametrize("name", Training.model_fields["optimizer"].annotation.__args__)
def test_every_optimizer_of_the_schema_is_one_of_keras(name):
    model = build_model()

    compile_model(model, FitSettings(1, 6, 0.01, optimizer=name), steps_per_epoch=5)

    assert type(model.optimizer).__name__.lower() == name
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_label_smoothing_reaches_the_loss(smoothing):
    model = build_model()

    compile_model(model, FitSettings(1, 6, 0.01, label_smoothing=smoothing), steps_per_epoch=5)

    hard = np.array([[1.0]], np.float32)
    truth = 1 - smoothing / 2
    expected = -(truth * np.log(0.9) + (1 - truth) * np.log(0.1))
    assert float(model.loss(hard, np.log(9) * hard)) == pytest.approx(expected, abs=1e-5)


def test_class_weights_are_scikit_learns():
    labels = np.array([0] * 10 + [1] * 3 + [3] * 1)  # no row of class 2

    np.testing.assert_allclose(compute_class_weights(labels), compute_sample_weight("balanced", labels), rtol=1e-6)
    assert compute_class_weights(labels).dtype == np.float64


def test_encode_targets():
    assert encode_targets(np.array([0, 1]), 1).tolist() == [[0], [1]]
    assert encode_targets(np.array([2, 0]), 3).tolist() == [[0, 0, 1], [1, 0, 0]]


@pytest.mark.parametrize("is_long", [True, False])
def test_a_fit_shows_how_far_it_is_after_every_step_or_every_epoch(read_progress, is_long):
    targets = encode_targets(LABELS, 1)
    train, watched = Batches(INPUTS, targets, np.arange(30), 10, 0), Batches(INPUTS, targets, np.arange(30, 40), 10)

    history = fit_model(build_model(), train, watched, FitSettings(3, 10, 0.05), "head", is_long, "pet: fitting")

    ends = ["", *(f", epoch {epoch.epoch} of 3: validation loss {epoch.val_loss:.4f}" for epoch in history)]
    steps = range(1, 10) if is_long else range(3, 10, 3)
    # the third step of an epoch comes before Keras has looked at the validation rows
    shown = [(step, ends[(step - 1) // 3 if is_long else step // 3]) for step in steps]
    assert read_progress() == [f"pet: fitting: {step} of 9 steps at most{end}" for step, end in shown]


def fit_images(precision: str) -> list[np.ndarray]:
    """The weights of a small convolutional net after a fit."""
    keras.utils.set_random_seed(0)
    images = np.random.default_rng(0).normal(size=(32, 16, 16, 3)).astype(np.float32)
    layers = [keras.Input((16, 16, 3)), keras.layers.Conv2D(16, 3), keras.layers.Conv2D(16, 3, activation="relu")]
    model = keras.Sequential([*layers, keras.layers.Flatten(), keras.layers.Dense(1)])
    batches = Batches(images, encode_targets(np.arange(32) % 2, 1), np.arange(32), 8, 0)
    fit_model(model, batches, batches, FitSettings(2, 8, 0.001, precision=precision, jit_compile=False), "all")
    return model.get_weights()


def test_auto_bfloat16_runs_convolutions_in_bfloat16_and_keeps_float32_weights():
    make_deterministic()
    try:
        received, again = fit_images("auto_bfloat16"), fit_images("auto_bfloat16")
    except PipelineError as error:
        pytest.skip(str(error))  # this CPU has none; the next test shows the message

    exact = fit_images("float32")
    for first, second, weights in zip(received, again, exact, strict=True):
        assert first.dtype == np.float32
        np.testing.assert_array_equal(first, second)
        np.testing.assert_allclose(first, weights, atol=0.01)
    assert any(not np.array_equal(first, weights) for first, weights in zip(received, exact, strict=True))
    np.testing.assert_array_equal(exact[0], fit_images("float32")[0])  # the choice ends with the fit


@pytest.mark.parametrize(
    ("backend", "capabilities", "message"),
    [
        ("jax", ["FP32", "BF16"], r"auto_bfloat16 needs `backend: tensorflow`, received jax: set float32"),
        ("tensorflow", ["FP32"], r"this CPU has no bfloat16: set float32 instead of auto_bfloat16"),
    ],
)
def test_auto_bfloat16_is_refused_where_it_cannot_run(backend, capabilities, message, monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    monkeypatch.setattr(openvino.Core, "get_property", lambda *_: capabilities)

    with pytest.raises(PipelineError, match=rf"training\.precision: .*{message}"):
        fit_images("auto_bfloat16")


def test_choose_fit_takes_every_setting_of_the_training_block():
    training = make_training(
        epochs=7,
        optimizer="sgd",
        schedule="cosine",
        warmup_epochs=1,
        patience=3,
        label_smoothing=0.1,
        seed=9,
        fine_tune={"layers": 3, "epochs": 4, "learning_rate": 0.5},
    )

    first = choose_fit(training)

    assert first == FitSettings(7, 8, 0.01, "sgd", "cosine", 1, 3, 0.1, "float32", "auto", "single", 9)
    assert choose_fine_tune(training, training.fine_tune) == first._replace(epochs=4, learning_rate=0.5)


def test_write_history_numbers_the_epochs_of_all_phases_through(workspace):
    head = Epoch(1, "head", 0.5, 0.123456789, 0.5, 0.7, 0.1)
    tuned = Epoch(1, "fine_tune", 0.75, 0.5, 0.5, 0.6, 1e-5)

    write_history("pet", (head, tuned))

    columns = read_history("pet")
    assert (columns["epoch"], columns["phase"]) == (["1", "2"], ["head", "fine_tune"])
    assert columns["loss"] == ["0.1235", "0.5"]
    assert float(columns["learning_rate"][1]) == 1e-5
