import keras
import numpy as np
import pytest
from helpers import build_small_member, make_predictions
from sklearn.metrics import log_loss

from stacker.artifacts.predictions import spread_classes
from stacker.artifacts.saved_models import load_model, save_model
from stacker.ensembles.meta_model import apply_temperature, assemble_ensemble, build_meta_model, find_temperature
from stacker.ensembles.ordering import order_members
from stacker.training.batches import Batches
from stacker.training.fitting import FitSettings, encode_targets, fit_model

IMAGES = np.random.default_rng(0).random((8, 8, 8, 3)).astype(np.float32)
LABELS = np.arange(8) % 2


def predict(model: keras.Model, inputs) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(inputs, training=False))


def test_build_meta_model_has_one_named_input_a_member_and_dense_layers():
    meta_model = build_meta_model({"one": 1, "two": 1, "three": 1}, [10], 2, seed=0)

    assert [tensor.name for tensor in meta_model.inputs] == ["one", "two", "three"]
    assert meta_model.get_layer("hidden_0").units == 10
    assert meta_model.get_layer("hidden_0").activation is keras.activations.relu
    assert meta_model.get_layer("probabilities").activation is keras.activations.sigmoid
    assert meta_model.output_shape == (None, 1)
    assert meta_model.count_params() == (3 + 1) * 10 + 10 + 1


@pytest.mark.parametrize("widths", [{"one": 3, "two": 3}, {"one": 3}])
def test_build_meta_model_of_three_classes_gives_a_softmax(widths):
    meta_model = build_meta_model(widths, [], 3, seed=0)

    inputs = {label: np.full((2, 3), 1 / 3, np.float32) for label in widths}
    np.testing.assert_allclose(predict(meta_model, inputs).sum(axis=1), 1, atol=1e-6)
    assert meta_model.output_shape == (None, 3)


def test_assemble_ensemble_leaves_the_members_bit_identical_and_trains_the_meta_model_alone():
    members = {label: build_small_member(label, seed) for seed, label in enumerate(("one", "two"))}
    before = {label: [weights.tobytes() for weights in member.get_weights()] for label, member in members.items()}
    meta_model = build_meta_model({"one": 1, "two": 1}, [4], 2, seed=0)

    ensemble = assemble_ensemble("ensemble", members, meta_model)

    assert {id(weights) for weights in ensemble.trainable_weights} == {
        id(weights) for weights in meta_model.trainable_weights
    }
    batches = Batches({"one": IMAGES, "two": IMAGES}, encode_targets(LABELS, 1), np.arange(8), 4)
    meta_before = [weights.copy() for weights in meta_model.get_weights()]
    fit_model(ensemble, batches, batches, FitSettings(2, 4, 0.1), "meta_model")
    for label, member in members.items():
        assert [weights.tobytes() for weights in member.get_weights()] == before[label]
    assert any(not np.array_equal(a, b) for a, b in zip(meta_before, meta_model.get_weights(), strict=True))


def test_the_ensemble_gives_what_its_parts_give_whatever_the_order_of_the_inputs(tmp_path):
    members = {}
    for seed, label in enumerate(("one", "two")):
        save_model(build_small_member(label, seed), tmp_path / f"{label}.h5")
        members[label] = load_model(tmp_path / f"{label}.h5", "train")
    outputs = {label: predict(member, {label: IMAGES + seed}) for seed, (label, member) in enumerate(members.items())}
    meta_model = build_meta_model({"two": 1, "one": 1}, [], 2, seed=0)
    save_model(assemble_ensemble("ensemble", members, meta_model), tmp_path / "ensemble.h5")

    ensemble = keras.models.load_model(tmp_path / "ensemble.h5", compile=False)

    assert {tensor.name for tensor in ensemble.inputs} == {"one", "two"}
    expected = predict(meta_model, outputs)
    np.testing.assert_allclose(predict(ensemble, {"one": IMAGES, "two": IMAGES + 1}), expected, atol=1e-6)
    np.testing.assert_allclose(predict(ensemble, {"two": IMAGES + 1, "one": IMAGES}), expected, atol=1e-6)
    assert not np.allclose(predict(ensemble, {"two": IMAGES, "one": IMAGES + 100}), expected, atol=1e-6)


def test_the_same_member_stacks_with_itself_under_another_label():
    members = {"one": build_small_member("one", 0), "two": build_small_member("two", 0)}
    meta_model = build_meta_model({"one": 1, "two": 1}, [4], 2, seed=0)

    ensemble = assemble_ensemble("ensemble", members, meta_model)

    assert predict(ensemble, {"one": IMAGES, "two": IMAGES}).shape == (8, 1)


def _stack(held_out: dict[str, np.ndarray]) -> np.ndarray:
    """What the meta-model gives after fitting, as the stage `stack` does it."""
    order = order_members({label: make_predictions(held_out=values) for label, values in held_out.items()})
    held_out = {label: held_out[label] for label in order}
    meta_model = build_meta_model({label: 1 for label in held_out}, [4], 2, seed=0)
    labels = np.arange(30) % 2
    batches = Batches(held_out, encode_targets(labels, 1), np.arange(30), 8, seed=0)
    fit_model(meta_model, batches, batches, FitSettings(3, 8, 0.05), "meta_model")
    return predict(meta_model, held_out)


def test_the_result_depends_neither_on_the_order_of_the_members_nor_on_their_labels():
    generator = np.random.default_rng(0)
    first, second, third = (generator.random((30, 1)).astype(np.float32) for _ in range(3))

    expected = _stack({"a": first, "b": second, "c": third})

    np.testing.assert_array_equal(_stack({"c": third, "a": first, "b": second}), expected)
    np.testing.assert_array_equal(_stack({"zebra": first, "b": second, "aardvark": third}), expected)


@pytest.mark.parametrize("classes", [2, 3])
def test_folding_a_temperature_divides_the_logits(classes):
    width = 1 if classes == 2 else classes
    inputs = {"one": np.random.default_rng(0).random((20, width)).astype(np.float32)}
    meta_model = build_meta_model({"one": width}, [5], classes, seed=0)
    before = predict(meta_model, inputs).astype(np.float64)

    apply_temperature(meta_model, 2.5)

    received = predict(meta_model, inputs)
    if classes == 2:
        logits = np.log(before / (1 - before)) / 2.5
        expected = 1 / (1 + np.exp(-logits))
    else:
        powers = before ** (1 / 2.5)
        expected = powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(received, expected, atol=1e-6)
    np.testing.assert_array_equal(received.argmax(axis=1), before.argmax(axis=1))


@pytest.mark.parametrize("classes", [2, 3])
def test_find_temperature_finds_how_over_confident_a_model_is(classes):
    generator = np.random.default_rng(0)
    logits = generator.normal(size=(4000, classes)) * 2
    honest = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.array([generator.choice(classes, p=row) for row in honest])
    certain = np.exp(3 * logits) / np.exp(3 * logits).sum(axis=1, keepdims=True)

    temperature = find_temperature(certain, labels)

    assert temperature == pytest.approx(3, rel=0.1)
    mended = certain ** (1 / temperature)
    assert log_loss(labels, mended / mended.sum(axis=1, keepdims=True)) < log_loss(labels, certain) - 0.1


def test_find_temperature_stays_finite_when_a_model_is_certain_and_wrong():
    assert np.isfinite(find_temperature(spread_classes(np.array([[1.0], [0.0], [1.0]])), np.array([0, 1, 1])))
