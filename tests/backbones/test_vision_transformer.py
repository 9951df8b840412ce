"""Vision transformers of built-in layers, against what Hugging Face `transformers` makes of the same weights."""

import keras
import numpy as np
import pytest
from helpers import make_backbone_settings, make_description
from tiny_transformers import FAMILIES, NATIVE_SIDE, draw_images, make_tiny_settings, read_features, use_tiny

from stacker.artifacts.saved_models import load_model, save_model
from stacker.backbones.building import build_backbone
from stacker.backbones.vision_transformer import CONSTANTS
from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference
from stacker.settings.members import Head
from stacker.settings.training import FineTune
from stacker.training.batches import Batches, encode_targets
from stacker.training.cutting import find_cut, split_member
from stacker.training.fitting import FitSettings, fit_model
from stacker.training.heads import assemble_member, build_head, unfreeze_layers
from stacker.training.probabilities import give_probabilities


@pytest.fixture(autouse=True)
def _tiny(monkeypatch) -> None:
    use_tiny(monkeypatch)


def predict(model: keras.Model, images) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(keras.ops.cast(images, "float32"), training=False))


def make_member(name: str, side: int = NATIVE_SIDE, **changes) -> keras.Model:
    backbone = build_backbone("pet", make_tiny_settings(name, **changes), side)
    head = build_head(Head(), np.empty((0, backbone.output_shape[1]), np.float32), 2, seed=0)
    return assemble_member("pet", backbone, head)


# As large as the weights were made for, smaller, larger.
@pytest.mark.parametrize("side", [28, *(pytest.param(side, marks=pytest.mark.thorough) for side in (NATIVE_SIDE, 12))])
@pytest.mark.parametrize("pooling", ["token", "avg"])
@pytest.mark.parametrize("name", FAMILIES)
def test_features_are_those_of_transformers_from_pixels_on(name, pooling, side):
    backbone = build_backbone("pet", make_tiny_settings(name, pooling=pooling), side)

    received = predict(backbone, draw_images(side))

    expected = read_features(name, pooling, side)
    assert expected.std() > 0.3
    np.testing.assert_allclose(received, expected, atol=2e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("pooling", ["max", "flatten"])
def test_the_other_poolings_take_the_patches_where_they_lie(name, pooling):
    images = draw_images(28).astype(np.float32)
    backbone = build_backbone("pet", make_tiny_settings(name, pooling=pooling), 28)
    places = predict(backbone.get_layer("network"), backbone.get_layer("scale_pixels")(images))

    assert places.shape == (3, 7, 7, 16)
    expected = places.max(axis=(1, 2)) if pooling == "max" else places.reshape(3, -1)
    np.testing.assert_allclose(predict(backbone, images), expected, atol=1e-6)


def test_a_photo_of_another_side_is_resized_inside_to_a_multiple_of_the_patch():
    backbone = build_backbone("pet", make_tiny_settings("DINOv2Small14", image_size=32), 45)

    assert backbone.get_layer("network").input_shape == (None, 32, 32, 3)
    assert np.isfinite(predict(backbone, draw_images(45))).all()


@pytest.mark.thorough
@pytest.mark.parametrize("pooling", ["token", "avg"])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_saved_member_reloads_in_plain_keras_to_the_bit_and_passes_the_guard(name, pooling, tmp_path):
    model = give_probabilities(make_member(name, pooling=pooling))
    images = {"pet": draw_images(NATIVE_SIDE).astype(np.float32)}
    expected = predict(model, images["pet"])

    save_model(model, tmp_path / "pet.h5", make_description("pet"))

    for loaded in (
        keras.models.load_model(tmp_path / "pet.h5", compile=False),
        load_model(tmp_path / "pet.h5", "train@pet"),
    ):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(loaded(images, training=False)), expected)


@pytest.mark.thorough
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="OpenVINO reads TensorFlow's graphs")
@pytest.mark.parametrize("name", FAMILIES)
def test_openvino_gives_the_same_features(name):
    backbone = build_backbone("pet", make_tiny_settings(name, pooling="token"), 28)
    images = draw_images(28)
    predictor = compile_predictor(backbone, Inference(engine="openvino"), {"pet": images.dtype}, {"pet": images})

    received = predictor.predict({"pet": images})

    assert predictor.engine == "openvino"
    np.testing.assert_allclose(received, read_features(name, "token", 28), atol=2e-5)


@pytest.mark.thorough
def test_random_weights_come_from_the_seed():
    images = draw_images(28)
    first, again, other = (
        predict(build_backbone("pet", make_backbone_settings("SigLIPBase16", seed=seed, pooling="token"), 28), images)
        for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 0.01
    assert first.std(axis=0).max() > 0  # photos differ


def list_trained(network: keras.Model) -> set[str]:
    return {layer.name for layer in network.layers if layer.trainable_weights}


LAST_BLOCK = {f"block_1_{part}" for part in ("first_norm", "attention", "second_norm", "hidden", "output")}


@pytest.mark.thorough
@pytest.mark.parametrize("batch_norm", ["frozen", "trained"])
@pytest.mark.parametrize(
    ("layers", "trained"),
    [
        (1, LAST_BLOCK | {"norm"}),
        (2, LAST_BLOCK | {"norm"} | {name.replace("1", "0") for name in LAST_BLOCK}),
        (3, LAST_BLOCK | {"norm", "patches"} | {name.replace("1", "0") for name in LAST_BLOCK}),
        ("all", LAST_BLOCK | {"norm", "patches"} | {name.replace("1", "0") for name in LAST_BLOCK}),
        ("block_1_second_norm", {"block_1_second_norm", "block_1_hidden", "block_1_output", "norm"}),
    ],
)
def test_fine_tuning_counts_blocks_and_leaves_the_constants_alone(layers, batch_norm, trained):
    network = make_member("DINOv2Small14").get_layer("network")

    unfreeze_layers(network, FineTune(layers=layers, batch_norm=batch_norm))

    assert list_trained(network) == trained


def test_attention_that_pools_is_trained_with_the_last_block():
    network = make_member("SigLIPBase16", pooling="token").get_layer("network")

    unfreeze_layers(network, FineTune(layers=1, batch_norm="trained"))

    pooling = {f"pool_{part}" for part in ("attention", "norm", "hidden", "output")}
    assert list_trained(network) == LAST_BLOCK | {"norm"} | pooling


@pytest.mark.thorough
@pytest.mark.parametrize("pooling", ["token", "avg"])
@pytest.mark.parametrize("name", ["DINOv2RegistersSmall14", "SigLIPBase16"])
def test_a_member_is_cut_where_a_block_begins_and_one_tensor_crosses(name, pooling):
    member, images = make_member(name, pooling=pooling), draw_images(NATIVE_SIDE)
    unfreeze_layers(member.get_layer("network"), FineTune(layers=1))

    front, tail = split_member(member)

    cut = find_cut(member.get_layer("network"))
    tokens = 16 + (5 if name.startswith("DINO") else 0)
    assert cut.widths == [tokens * 16]
    assert cut.is_computed
    np.testing.assert_allclose(predict(tail, predict(front, images)), predict(member, images), atol=1e-5)


@pytest.mark.thorough
@pytest.mark.parametrize("trainable", [False, True])
def test_a_fit_moves_no_constant_even_where_the_whole_network_learns(trainable):
    member = make_member("SigLIPBase16", pooling="token", trainable=trainable)
    network, images = member.get_layer("network"), draw_images(NATIVE_SIDE).astype(np.float32)
    before = {layer.name: layer.get_weights() for layer in network.layers}
    batches = Batches(images, encode_targets(np.array([0, 1, 1]), 1), np.arange(3), 3)

    fit_model(member, batches, batches, FitSettings(2, 3, 0.01), "whole")

    moved = {
        layer.name
        for layer in network.layers
        if any(not np.array_equal(a, b) for a, b in zip(before[layer.name], layer.get_weights(), strict=True))
    }
    assert not moved & set(CONSTANTS)
    assert ("patches" in moved) is trainable
    assert ("pool_attention" in moved) is trainable


@pytest.mark.parametrize("layers", [1, "all", "block_0_second_norm"])
def test_a_member_of_which_a_part_was_fine_tuned_reloads_to_the_bit(layers, tmp_path):
    member = make_member("SigLIPBase16", pooling="token")
    unfreeze_layers(member.get_layer("network"), FineTune(layers=layers))
    model = give_probabilities(member)
    images = {"pet": draw_images(NATIVE_SIDE).astype(np.float32)}
    expected, trained = predict(model, images["pet"]), list_trained(member.get_layer("network"))

    save_model(model, tmp_path / "pet.h5", make_description("pet"))

    assert list_trained(member.get_layer("network")) == trained  # as before
    for loaded in (
        keras.models.load_model(tmp_path / "pet.h5", compile=False),
        load_model(tmp_path / "pet.h5", "train@pet"),
    ):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(loaded(images, training=False)), expected)
