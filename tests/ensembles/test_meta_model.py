import keras
import numpy as np
import pytest
from helpers import ADAM, build_small_member, make_description, make_predictions

from stacker.artifacts.saved_models import load_model, save_model
from stacker.ensembles.held_out_rows import HeldOutRows
from stacker.ensembles.meta_fitting import Watched, fit_meta_model
from stacker.ensembles.meta_model import assemble_ensemble, build_meta_model, join_members, take_logits
from stacker.ensembles.meta_weights import apply_meta_weights
from stacker.ensembles.ordering import order_members
from stacker.settings.meta_models import AdamMetaModel, PenalisedMetaModel
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, fit_model

IMAGES = np.random.default_rng(0).random((8, 8, 8, 3)).astype(np.float32)
LABELS = np.arange(8) % 2


def predict(model: keras.Model, inputs) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(inputs, training=False))


@pytest.mark.parametrize(("takes_logits", "columns"), [(False, 3), (True, 6)])
def test_build_meta_model_has_one_named_input_a_member_and_dense_layers(takes_logits, columns):
    meta_model = build_meta_model({"one": 1, "two": 1, "three": 1}, takes_logits, [10], 2, seed=0)

    assert [tensor.name for tensor in meta_model.inputs] == ["one", "two", "three"]
    assert meta_model.get_layer("hidden_0").units == 10
    assert meta_model.get_layer("hidden_0").activation is keras.activations.relu
    assert meta_model.get_layer("logits").activation is keras.activations.linear
    assert meta_model.output_shape == (None, 1)
    assert meta_model.count_params() == (columns + 1) * 10 + 10 + 1


@pytest.mark.parametrize("widths", [{"one": 3, "two": 3}, {"one": 3}])
def test_a_meta_model_on_probabilities_does_not_see_where_the_logits_of_a_softmax_lie(widths):
    meta_model = build_meta_model(widths, False, [], 3, seed=0)

    logits = {label: np.random.default_rng(1).normal(size=(2, 3)).astype(np.float32) for label in widths}
    moved = {label: values + 5 for label, values in logits.items()}
    np.testing.assert_allclose(predict(meta_model, moved), predict(meta_model, logits), atol=1e-6)
    assert meta_model.output_shape == (None, 3)


@pytest.mark.parametrize("width", [1, 3])
def test_a_member_without_its_last_layer_gives_logits(width):
    member = build_small_member("one", 0, width)

    logits = predict(take_logits(member), IMAGES).astype(np.float64)

    powers = np.exp(logits)
    expected = powers / (1 + powers) if width == 1 else powers / powers.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(predict(member, IMAGES), expected, atol=1e-6)


def test_assemble_ensemble_leaves_the_members_bit_identical_and_trains_the_meta_model_alone():
    members = {label: build_small_member(label, seed) for seed, label in enumerate(("one", "two"))}
    before = {label: [weights.tobytes() for weights in member.get_weights()] for label, member in members.items()}
    meta_model = build_meta_model({"one": 1, "two": 1}, False, [4], 2, seed=0)

    ensemble = join_members("ensemble", members, meta_model)

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
        save_model(build_small_member(label, seed), tmp_path / f"{label}.h5", make_description(label))
        members[label] = load_model(tmp_path / f"{label}.h5", "train")
    outputs = {
        label: predict(take_logits(member), {label: IMAGES + seed})
        for seed, (label, member) in enumerate(members.items())
    }
    meta_model = build_meta_model({"two": 1, "one": 1}, True, [], 2, seed=0)
    save_model(
        assemble_ensemble("ensemble", members, meta_model), tmp_path / "ensemble.h5", make_description("ensemble")
    )

    ensemble = keras.models.load_model(tmp_path / "ensemble.h5", compile=False)

    assert {tensor.name for tensor in ensemble.inputs} == {"one", "two"}
    expected = 1 / (1 + np.exp(-predict(meta_model, outputs)))
    np.testing.assert_allclose(predict(ensemble, {"one": IMAGES, "two": IMAGES + 1}), expected, atol=1e-6)
    np.testing.assert_allclose(predict(ensemble, {"two": IMAGES + 1, "one": IMAGES}), expected, atol=1e-6)
    assert not np.allclose(predict(ensemble, {"two": IMAGES, "one": IMAGES + 100}), expected, atol=1e-6)


def test_the_same_member_stacks_with_itself_under_another_label():
    members = {"one": build_small_member("one", 0), "two": build_small_member("two", 0)}
    meta_model = build_meta_model({"one": 1, "two": 1}, False, [4], 2, seed=0)

    ensemble = assemble_ensemble("ensemble", members, meta_model)

    assert predict(ensemble, {"one": IMAGES, "two": IMAGES}).shape == (8, 1)


@pytest.mark.parametrize("settings", [PenalisedMetaModel(hidden=[4], spread=1.2), AdamMetaModel(**ADAM)])
def test_the_result_depends_neither_on_the_order_of_the_members_nor_on_their_labels(settings):
    generator = np.random.default_rng(0)
    first, second, third = (generator.normal(size=(30, 1)).astype(np.float32) for _ in range(3))

    expected = _stack({"a": first, "b": second, "c": third}, settings)

    np.testing.assert_array_equal(_stack({"c": third, "a": first, "b": second}, settings), expected)
    np.testing.assert_array_equal(_stack({"zebra": first, "b": second, "aardvark": third}, settings), expected)


def test_the_order_of_the_members_is_not_another_cpus_to_change():
    generator = np.random.default_rng(3)
    labels, rows = np.arange(40) % 2, np.arange(40)
    logits = {name: (generator.normal(size=(40, 1)) + labels[:, None]).astype(np.float32) for name in "abcd"}
    orders = []
    for noise in (0, 1e-6):
        moved = {name: values * (1 + noise * generator.normal(size=(40, 1))) for name, values in logits.items()}
        predictions = {
            name: make_predictions(held_out=values.astype(np.float32), held_out_rows=rows)
            for name, values in moved.items()
        }
        orders.append(order_members(predictions, labels))

    losses = {name: np.logaddexp(0, np.where(labels == 1, -z[:, 0], z[:, 0])).mean() for name, z in logits.items()}
    assert orders[0] == orders[1] == sorted("abcd", key=losses.get)
    assert orders[0] != list("abcd")


def _stack(logits, settings):
    """What the meta-model gives after fitting, as the stage `stack` does it."""
    labels, rows = np.arange(30) % 2, np.arange(30)
    predictions = {label: make_predictions(held_out=values, held_out_rows=rows) for label, values in logits.items()}
    logits = {label: logits[label] for label in order_members(predictions, labels)}
    rows = HeldOutRows(logits, labels, np.arange(30), np.full(30, -1), is_balanced=False)
    return apply_meta_weights(fit_meta_model(rows, Watched(logits, labels), 2, settings).weights, logits)
