"""The three ways to train a member, each on a small network."""

import re

import keras
import numpy as np
import pytest
from helpers import make_inference, make_member

from stacker.artifacts.curves import Epoch
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.logits import compute_probabilities
from stacker.settings.backbone import Backbone
from stacker.splits.held_out import Fold
from stacker.training.activation_trainer import ActivationTrainer
from stacker.training.choosing import choose_trainer
from stacker.training.fitted_member import FittedMember
from stacker.training.fitting import make_deterministic
from stacker.training.head_predictions import predict_features
from stacker.training.linear_fits import tune_strength
from stacker.training.linear_trainer import LinearTrainer
from stacker.training.logit_losses import compute_losses
from stacker.training.member_data import MemberData
from stacker.training.reporting import predict_initially
from stacker.training.trainer import Trainer

pytestmark = pytest.mark.thorough

FINE_TUNE = {"layers": "conv_1", "epochs": 3, "learning_rate": 0.01, "batch_norm": "trained"}
FLIP = {"horizontal_flip": True}
ROWS = np.array([0, 1, 2, 3, 5, 6, 8, 11])
SOME = np.array([7, 3])
WAYS = {
    "head": {},
    "activations": {"fine_tune": FINE_TUNE},
    "images": {"fine_tune": {**FINE_TUNE, "keep_activations": False}},
    "augmented head": {"augmentation": FLIP},
    "augmented": {"fine_tune": FINE_TUNE, "augmentation": FLIP},
    "trainable": {"trainable": True},
}


def make_trainer(data: MemberData, trainable: bool = False, head=None, **training) -> Trainer:
    member = make_member({"trainable": trainable}, head, **{"epochs": 2, "optimizer": "sgd", **training})
    return choose_trainer("pet", member, data._replace(features={}) if trainable else data, make_inference())


def run(model: keras.Model, images: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(images.astype(np.float32), training=False))


def list_moved(trainer: Trainer, fitted: FittedMember) -> set[str]:
    """The layers of the network, and "head", that training has changed."""
    before, after = (trainer.assemble(member) for member in (trainer.build(ROWS), fitted))
    pairs = [(before.get_layer("head"), after.get_layer("head"))]
    pairs += zip(before.get_layer("network").layers, after.get_layer("network").layers, strict=True)
    return {
        layer.name
        for layer, other in pairs
        if any(not np.array_equal(a, b) for a, b in zip(layer.get_weights(), other.get_weights(), strict=True))
    }


TAIL = {"conv_1", "norm_1", "conv_2"}


@pytest.mark.parametrize(
    ("way", "phases", "moved"),
    [
        ("head", ["head"] * 2, {"head"}),
        ("activations", ["head"] * 2 + ["fine_tune"] * 3, {"head", *TAIL}),
        ("augmented head", ["head"] * 2, {"head"}),
        ("augmented", ["head"] * 2 + ["fine_tune"] * 3, {"head", *TAIL}),
        ("trainable", ["all"] * 2, {"head", "conv_0", "norm_0", *TAIL}),
    ],
)
def test_a_fit_moves_what_it_should_and_predicts_what_the_whole_member_gives(
    way, phases, moved, small_data, small_backbone
):
    trainer = make_trainer(small_data, **WAYS[way])

    fitted = trainer.fit(ROWS)

    assert [epoch.phase for epoch in fitted.history] == phases
    assert list_moved(trainer, fitted) == moved
    test, train, some = trainer.predict(fitted, ("test", None), ("train", None), ("train", SOME))
    whole = trainer.assemble(fitted)
    assert (whole.name, [tensor.name for tensor in whole.inputs]) == ("pet", ["pet"])
    np.testing.assert_allclose(test, run(whole, small_data.images["test"]), atol=1e-5)
    np.testing.assert_allclose(train, run(whole, small_data.images["train"]), atol=1e-5)
    np.testing.assert_allclose(some, train[SOME], atol=1e-6)
    assert trainer.runs_network == (way != "head")


@pytest.mark.parametrize(("place", "expected"), [("", ""), ("fold 2 of 3", ", fold 2 of 3")])
def test_a_fit_shows_its_phases_and_its_place_among_several(place, expected, small_data, small_backbone, read_progress):
    trainer = make_trainer(small_data, **WAYS["activations"])
    trainer.place = place

    trainer.fit(ROWS)

    titles = {line[: re.search(r": \d+ of ", line).start()] for line in read_progress()}
    assert titles - {"pet_front: keeping activations"} == {
        f"pet: training the head{expected}",
        f"pet: fine-tuning{expected}",
    }


def test_every_fit_starts_from_the_same(small_data, small_backbone):
    make_deterministic()
    trainer = make_trainer(small_data, **WAYS["activations"])  # holds most between fits: a network, and activations

    fits = [trainer.fit(ROWS) for _ in range(2)]

    first, second = ((fitted.history, [values.tobytes() for values in fitted.model.get_weights()]) for fitted in fits)
    assert first == second


@pytest.mark.parametrize("way", ["activations", "images", "augmented"])
def test_a_layer_is_found_by_a_name_that_keras_made_up_in_every_fit(way, small_data, monkeypatch):
    """Keras numbers such names through all networks of a process, and every fold builds one."""

    def build(label: str, settings: Backbone, side: int) -> keras.Model:
        pixels = inner = keras.Input((side, side, 3))
        for _ in range(3):
            inner = keras.layers.Conv2D(4, 3)(inner)
        network = keras.Model(pixels, inner, name="network", trainable=False)
        images = keras.Input((side, side, 3), name=label)
        scaled = keras.layers.Rescaling(1 / 255, name="scale_pixels")(images)
        return keras.Model(images, keras.layers.GlobalAveragePooling2D(name="pool")(network(scaled)))

    monkeypatch.setattr("stacker.training.member_parts.build_backbone", build)
    keras.utils.clear_session()
    data = small_data._replace(features={split: values[:, :4] for split, values in small_data.features.items()})
    changes = {**WAYS[way], "fine_tune": {**WAYS[way]["fine_tune"], "layers": "conv2d_1"}, "epochs": 1}
    trainer = make_trainer(data, **changes)
    trainer.build(ROWS)  # as for the initial scores: the first network, or the one that was looked at

    for fitted in (trainer.fit(ROWS), trainer.fit(ROWS[:4])):
        layers = fitted.model.get_layer("network").layers
        assert layers[2].name != "conv2d_1"
        assert [bool(layer.trainable_weights) for layer in layers] == [False, False, True, True]


@pytest.mark.parametrize("way", WAYS)
def test_initial_scores_are_of_the_member_before_any_training(way, small_data, small_backbone):
    trainer = make_trainer(small_data, **WAYS[way])

    initial = predict_initially(trainer, ROWS, is_wanted=True)

    expected = run(trainer.assemble(trainer.build(ROWS)), small_data.images["test"])
    np.testing.assert_allclose(initial, expected, atol=1e-6)
    assert predict_initially(trainer, ROWS, is_wanted=False).shape == (0, 1)


def test_a_head_on_features_needs_no_network_before_it_is_assembled(small_data, small_backbone):
    trainer = make_trainer(small_data)
    fitted = trainer.fit(ROWS)
    trainer.predict(fitted, ("test", None))
    assert small_backbone == []

    trainer.assemble(fitted)
    assert len(small_backbone) == 1


def test_fine_tuning_from_kept_activations_gives_what_the_images_give(small_data, small_backbone):
    make_deterministic()
    trainer, other = (make_trainer(small_data, **WAYS[way]) for way in ("activations", "images"))

    fitted, expected = trainer.fit(ROWS), other.fit(ROWS)

    assert isinstance(trainer, ActivationTrainer)
    assert not isinstance(other, ActivationTrainer)
    for first, second in zip(fitted.history, expected.history, strict=True):
        assert first._replace(loss=0, val_loss=0) == second._replace(loss=0, val_loss=0)
        np.testing.assert_allclose((first.loss, first.val_loss), (second.loss, second.val_loss), rtol=1e-4)
    for first, second in zip(fitted.model.get_weights(), expected.model.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-4, atol=1e-5)
    received, same = trainer.predict(fitted, ("test", None)), other.predict(expected, ("test", None))
    np.testing.assert_allclose(received, same, atol=1e-5)


@pytest.fixture
def noted_phases(monkeypatch) -> list[tuple]:
    """Fits nothing; notes of each phase its name, whether it is long, and the batches to learn from and to watch."""
    noted: list[tuple] = []

    def note(model, train, validation, settings, phase, is_long, title, record, compiled):
        noted.append((phase, is_long, train, validation))
        return [Epoch(1, phase, 1, 1, 1, 1, 1)]

    monkeypatch.setattr("stacker.training.phase_fits.fit_model", note)
    return noted


def test_every_phase_learns_from_what_costs_least(small_data, small_backbone, noted_phases):
    received = {}
    for way in WAYS:
        noted_phases.clear()
        trainer = make_trainer(small_data, **WAYS[way])
        trainer.fit(ROWS)
        names = {id(small_data.images["train"]): "images", id(small_data.features["train"]): "features"}
        names |= {id(values): "activations" for values in getattr(trainer, "activations", {}).values()}
        received[way] = [(phase, names[id(train.inputs)], is_long) for phase, is_long, train, _ in noted_phases]

    quick = ("head", "features", False)
    assert received == {
        "head": [quick],
        "activations": [quick, ("fine_tune", "activations", True)],
        "images": [quick, ("fine_tune", "images", True)],
        "augmented head": [("head", "images", True)],
        "augmented": [("head", "images", True), ("fine_tune", "images", True)],
        "trainable": [("all", "images", True)],
    }


def test_the_frozen_part_runs_once_for_all_fits(small_data, small_backbone, noted_phases):
    trainer = make_trainer(small_data, **WAYS["activations"])
    trainer.fit(ROWS)
    kept = dict(trainer.activations)

    trainer.fit(ROWS[:5])

    assert {split: len(values) for split, values in kept.items()} == {"train": 12, "validation": 7, "test": 5}
    assert all(trainer.activations[split] is values for split, values in kept.items())


def test_a_head_on_augmented_images_predicts_from_features(small_data, small_backbone, noted_phases):
    blank = small_data._replace(features={split: 0 * values for split, values in small_data.features.items()})
    trainer = make_trainer(blank, **WAYS["augmented head"])
    fitted = trainer.fit(ROWS)

    (received,) = trainer.predict(fitted, ("test", None))

    np.testing.assert_array_equal(received, run(fitted.head, blank.features["test"]))


def test_a_standardising_head_takes_its_statistics_from_the_rows_it_learns_from(small_data, small_backbone):
    features = {**small_data.features, "train": small_data.features["train"].copy()}
    features["train"][np.setdiff1d(np.arange(12), ROWS)] = np.nan
    for way in ("head", "activations", "augmented head"):
        trainer = make_trainer(small_data._replace(features=features), head={"standardize": True}, **WAYS[way])

        mean, variance = trainer.build(ROWS).head.get_layer("standardize").get_weights()

        np.testing.assert_allclose(mean, features["train"][ROWS].mean(axis=0), rtol=1e-5)
        np.testing.assert_allclose(variance, features["train"][ROWS].var(axis=0), rtol=1e-4)


@pytest.mark.parametrize(
    ("precision", "computed"),
    [("float32", "float32"), ("auto_bfloat16", "float32"), ("mixed_bfloat16", "bfloat16")],
)
def test_a_network_is_built_in_its_precision_and_no_other(precision, computed, small_data, small_backbone):
    model = make_trainer(small_data, precision=precision, **WAYS["augmented head"]).build(ROWS).model

    assert model.get_layer("network").get_layer("conv_1").compute_dtype == computed
    assert model.get_layer("head").get_layer("logits").compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_balanced_class_weights_are_of_the_rows_learnt_and_of_those_watched(small_data, small_backbone, noted_phases):
    rows = np.array([0, 2, 4, 6, 8, 1, 3, 5])  # five of the first class, three of the second

    make_trainer(small_data, class_weights="balanced").fit(rows)
    make_trainer(small_data).fit(rows)

    balanced, plain = ((train.weights, validation.weights) for *_, train, validation in noted_phases)
    np.testing.assert_allclose(balanced[0][[0, 2, 4, 6, 8]], 8 / (2 * 5), rtol=1e-6)
    np.testing.assert_allclose(balanced[0][[1, 3, 5]], 8 / (2 * 3), rtol=1e-6)
    np.testing.assert_allclose(balanced[1], np.where(small_data.labels["validation"] == 0, 7 / 8, 7 / 6), rtol=1e-6)
    assert plain == (None, None)


def test_predict_features_takes_some_rows_at_a_time(monkeypatch):
    monkeypatch.setattr("stacker.training.head_predictions.FEATURE_ROWS", 3)
    features = np.arange(14, dtype=np.float32).reshape(7, 2)
    sizes = []

    def head(values: np.ndarray, training: bool) -> np.ndarray:
        sizes.append(len(values))
        return values[:, :1] + 1

    np.testing.assert_array_equal(predict_features(head, features), features[:, :1] + 1)
    assert sizes == [3, 3, 1]


LINEAR_ROWS = np.array([0, 1, 2, 3, 5, 6, 8, 11])


def mix_folds() -> list[Fold]:
    """Both classes in what each fold learns."""
    first, second = LINEAR_ROWS[:4], LINEAR_ROWS[4:]
    return [Fold(first, second), Fold(second, first)]


def make_linear(data: MemberData, head=None, **training) -> LinearTrainer:
    trainer = make_trainer(data, head=head, **{"solver": "lbfgs", **training})
    assert isinstance(trainer, LinearTrainer)
    return trainer


@pytest.mark.parametrize(("output", "width"), [("auto", 1), ("softmax", 2)])
def test_a_linear_head_in_keras_gives_what_was_predicted_in_float64(output, width, small_data, small_backbone):
    trainer = make_linear(small_data, head={"output": output}, C=0.3)
    assert not trainer.has_choice

    fitted = trainer.fit_final(LINEAR_ROWS)

    test, some = trainer.predict(fitted, ("test", None), ("train", SOME))
    assert test.dtype == np.float32
    assert test.shape == (5, width)
    whole = trainer.assemble(fitted)
    np.testing.assert_allclose(test, run(whole, small_data.images["test"]), atol=1e-4)
    np.testing.assert_allclose(some, run(fitted.head, small_data.features["train"][SOME]), atol=1e-4)
    (plain,) = make_linear(small_data, C=0.3).predict(make_linear(small_data, C=0.3).fit(LINEAR_ROWS), ("test", None))
    np.testing.assert_allclose(compute_probabilities(test)[:, -1], compute_probabilities(plain)[:, 0], atol=1e-5)


def test_the_strength_of_a_linear_head_is_the_one_that_the_folds_speak_for(small_data, small_backbone):
    trainer = make_linear(small_data)
    assert trainer.has_choice
    trainer.tune(mix_folds())

    fitted = trainer.fit_final(LINEAR_ROWS)

    labels = small_data.labels["train"]
    tuning = tune_strength(small_data.features["train"], labels, mix_folds(), is_balanced=False)
    assert [epoch.strength for epoch in fitted.history] == list(tuning.strengths)
    assert fitted.kept == tuning.best
    same = trainer.fit(LINEAR_ROWS)  # as for a fold: the chosen strength alone
    np.testing.assert_allclose(same.linear.kernel, fitted.linear.kernel, atol=1e-5)
    kept = fitted.history[fitted.kept]
    (watched,) = trainer.predict(fitted, ("validation", None))
    expected = compute_losses(watched.astype(np.float64), small_data.labels["validation"])[0].mean()
    assert kept.val_loss == pytest.approx(expected, abs=1e-5)
    assert kept.val_accuracy == np.mean((watched[:, 0] > 0) == small_data.labels["validation"])


def test_a_fold_that_lacks_a_class_is_refused_with_the_way_out(small_data, small_backbone):
    even = LINEAR_ROWS[LINEAR_ROWS % 2 == 0]  # the first class alone

    with pytest.raises(PipelineError, match=r"pet: training\.C: auto needs two different photos of every class"):
        make_linear(small_data).tune([Fold(even, LINEAR_ROWS)])


def test_too_many_values_are_fitted_by_minibatches_and_that_is_said(small_data, monkeypatch, capsys):
    values = small_data.features["train"].size * 2
    monkeypatch.setattr("stacker.training.choosing.MOST_VALUES", values)
    assert isinstance(make_trainer(small_data, solver="auto"), LinearTrainer)
    assert capsys.readouterr().out == ""

    monkeypatch.setattr("stacker.training.choosing.MOST_VALUES", values - 1)
    assert not isinstance(make_trainer(small_data, solver="auto"), LinearTrainer)
    assert "pet: fitted by mini-batches: 12 rows of 6 features in 2 classes" in capsys.readouterr().out
    assert isinstance(make_linear(small_data), LinearTrainer)  # asked for, whatever it takes
