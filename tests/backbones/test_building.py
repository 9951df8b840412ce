"""One table of architectures, and one test of all that a member needs from each."""

import hashlib
import importlib
import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers import make_backbone_settings, make_description
from hostile_models import HOSTILE_FILES

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.logits import compute_probabilities
from stacker.artifacts.saved_models import load_model, save_model
from stacker.backbones.building import build_backbone, build_pixel_scaling
from stacker.ensembles.meta_model import assemble_ensemble, build_meta_model
from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.members import Head
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, fit_model
from stacker.training.heads import assemble_member, build_head
from stacker.training.probabilities import give_probabilities

# One of each kind runs in `make test`: pixels scaled to -1 and 1; channels swapped (BGR) and not scaled, without batch
# normalisation; rebuilt from plain layers (LayerScale has its test in test_plain_layers.py); scaled inside the
# network itself. The others take minutes and have no code of their own.
QUICK = {
    "EfficientNetB0",
    "MobileNetV2",
    "MobileNetV3Small",
    "VGG16",
}
EVERY_ARCHITECTURE = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ARCHITECTURES]
ROWS = 4


def make_images(side: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (ROWS, side, side, 3)).astype(np.float32)


def make_small_member(label: str, name: str, images: np.ndarray) -> keras.Model:
    """From images to logits; standardised features keep a net of random weights from saturating."""
    backbone = build_backbone(label, make_backbone_settings(name), images.shape[1])
    stir(backbone.get_layer("network"))
    features = keras.ops.convert_to_numpy(backbone(images, training=False))
    return assemble_member(label, backbone, build_head(Head(standardize=True), features, 2, seed=0))


def stir(network: keras.Model) -> None:
    """Nothing is left as it began, so that what a file does not keep is missed."""
    generator = np.random.default_rng(2)
    for layer in network.layers:
        layer.set_weights([values * generator.uniform(0.8, 1.25, values.shape) for values in layer.get_weights()])


def predict(model: keras.Model, inputs) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(inputs, training=False))


def fingerprint(layer: keras.Layer) -> list[str]:
    """Hashes, as the largest networks have more than a gigabyte of weights."""
    return [hashlib.blake2b(weights.tobytes()).hexdigest() for weights in layer.get_weights()]


@pytest.mark.thorough
@pytest.mark.parametrize("name", EVERY_ARCHITECTURE)
def test_an_architecture_serves_as_a_member(name, tmp_path):
    side = ARCHITECTURES[name].minimum_size
    images = make_images(side)
    member = make_small_member("one", name, images)
    network = member.get_layer("network")

    # A logit of two classes, from features of the architecture's own width.
    assert member.output_shape == (None, 1)
    assert network.output_shape[-1] == member.get_layer("head").input_shape[-1]
    received = predict(member, images)
    assert received.shape == (ROWS, 1)
    assert np.isfinite(received).all()
    if name != "MobileNet":  # whose signal, from random weights at 32 px, fades below what float32 can tell apart
        assert len(np.unique(received)) > 1

    # Pixels are scaled inside, as the architecture's own preprocess_input does.
    module = importlib.import_module(f"keras.applications.{ARCHITECTURES[name].module}")
    expected = module.preprocess_input(images.copy(), data_format="channels_last")
    np.testing.assert_allclose(predict(member.get_layer("scale_pixels"), images), expected, rtol=1e-5, atol=1e-4)

    # What is frozen does not move in fit, the statistics of batch normalisation included; the head does. One class
    # outnumbers the other, so that the head's bias has somewhere to go even where a net's signal fades to nothing.
    before, head_before = fingerprint(network), fingerprint(member.get_layer("head"))
    batches = Batches(images, encode_targets(np.array([0, 1, 1, 1]), 1), np.arange(ROWS), ROWS)
    fit_model(member, batches, batches, FitSettings(1, ROWS, 0.1), "head")
    assert fingerprint(network) == before
    assert fingerprint(member.get_layer("head")) != head_before

    # Plain Keras reads what was saved, and it gives the same, as probabilities.
    received = predict(member, images)
    save_model(give_probabilities(member), tmp_path / "one.h5", make_description("one"))
    del member, network, batches
    reloaded = keras.models.load_model(tmp_path / "one.h5", compile=False)
    ours = load_model(tmp_path / "one.h5", "train@one")  # all that it is made of passes the guard
    for model in (reloaded, ours):
        np.testing.assert_allclose(predict(model, {"one": images}), compute_probabilities(received), atol=1e-6)

    # Another architecture stacks with it.
    other = make_small_member("other", "MobileNet" if name != "MobileNet" else "MobileNetV2", images)
    parts = [received, predict(other, images)]
    meta_model = build_meta_model({"one": 1, "other": 1}, True, [4], 2, seed=0)
    members = {"one": reloaded, "other": give_probabilities(other)}
    ensemble = assemble_ensemble("ensemble", members, meta_model)
    expected = compute_probabilities(predict(meta_model, parts))
    np.testing.assert_allclose(predict(ensemble, {"one": images, "other": images}), expected, atol=1e-5)


def test_the_table_lists_the_architectures_of_keras():
    of_keras = {name for name, value in vars(keras.applications).items() if name[0].isupper() and callable(value)}

    assert set(ARCHITECTURES) == of_keras
    assert len(ARCHITECTURES) == 40


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_the_table_names_the_module_that_holds_the_architecture(name):
    module = importlib.import_module(f"keras.applications.{ARCHITECTURES[name].module}")

    architecture = getattr(keras.applications, name)
    assert getattr(module, name, architecture) is architecture  # mobilenet_v3 holds no more than its preprocess_input
    assert callable(module.preprocess_input)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_keras_refuses_an_image_smaller_than_the_minimum(name):
    # That Keras accepts the minimum itself, the test of each architecture shows: it builds it in that size.
    side = ARCHITECTURES[name].minimum_size - 1

    with pytest.raises(ValueError, match="Input size must be at least"):
        getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(side, side, 3))


@pytest.mark.parametrize(("pooling", "width"), [("avg", 1280), ("max", 1280), ("flatten", 4 * 1280)])
def test_build_backbone_pools_as_asked(pooling, width):
    backbone = build_backbone("one", make_backbone_settings(pooling=pooling), 64)

    assert backbone.output_shape == (None, width)
    assert backbone.input.name == "one"
    images = make_images(64)
    maps = predict(backbone.get_layer("network"), backbone.get_layer("scale_pixels")(images))
    expected = {
        "avg": maps.mean(axis=(1, 2)),
        "max": maps.max(axis=(1, 2)),
        "flatten": maps.reshape(ROWS, -1),
    }[pooling]
    np.testing.assert_allclose(predict(backbone, images), expected, rtol=1e-4, atol=1e-6)


def test_build_backbone_resizes_inside_when_the_member_has_a_size_of_its_own():
    backbone = build_backbone("one", make_backbone_settings(image_size=48), 32)

    assert backbone.input_shape == (None, 32, 32, 3)
    assert backbone.get_layer("network").input_shape == (None, 48, 48, 3)
    assert np.isfinite(predict(backbone, make_images(32))).all()


def test_build_backbone_draws_weights_from_the_seed():
    images = make_images(32)
    first, again, other = (
        predict(build_backbone("one", make_backbone_settings("MobileNetV3Small", seed=seed), 32), images)
        for seed in (1, 1, 2)
    )

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("trainable", [False, True])
def test_build_backbone_is_trainable_when_asked(trainable):
    backbone = build_backbone("one", make_backbone_settings(trainable=trainable), 32)

    assert bool(backbone.trainable_weights) is trainable
    assert not backbone.get_layer("scale_pixels").trainable_weights


@pytest.mark.parametrize("momentum", [None, 0.5])
def test_build_backbone_sets_the_momentum_of_batch_normalisation(momentum):
    backbone = build_backbone("one", make_backbone_settings(batch_norm_momentum=momentum), 32)

    norms = [
        layer for layer in backbone.get_layer("network").layers if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert {norm.momentum for norm in norms} == {momentum or 0.999}


def test_build_backbone_loads_a_weights_file(tmp_path):
    path = tmp_path / "some.weights.h5"
    source = keras.applications.MobileNetV3Small(include_top=False, weights=None, input_shape=(32, 32, 3))
    source.save_weights(path)

    backbone = build_backbone("one", make_backbone_settings("MobileNetV3Small", weights=str(path), seed=7), 32)

    for expected, received in zip(source.get_weights(), backbone.get_layer("network").get_weights(), strict=True):
        np.testing.assert_array_equal(received, expected)


@pytest.mark.filterwarnings("ignore:Skipping nested container")  # Keras' own, before it gives up
def test_build_backbone_says_so_when_the_weights_do_not_fit(tmp_path):
    path = tmp_path / "some.weights.h5"
    keras.applications.VGG16(include_top=False, weights=None, input_shape=(32, 32, 3)).save_weights(path)

    with pytest.raises(
        PipelineError, match=r"MobileNetV3Small could not load weights=.*some\.weights\.h5.*without its"
    ):
        build_backbone("one", make_backbone_settings("MobileNetV3Small", weights=str(path)), 32)


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory) -> Path:
    """Weights of MobileNetV3Small."""
    path = tmp_path_factory.mktemp("weights") / "some.weights.h5"
    keras.applications.MobileNetV3Small(include_top=False, weights=None, input_shape=(32, 32, 3)).save_weights(path)
    return path


def refuse_weights(path: Path, reason: str) -> None:
    with pytest.raises(PipelineError, match=rf"^members\.pet\.backbone\.weights, .*{path.name}' is refused: {reason}"):
        build_backbone("pet", make_backbone_settings("MobileNetV3Small", weights=str(path)), 32)


@pytest.mark.parametrize("harm", HOSTILE_FILES, ids=lambda harm: harm.__name__)
def test_build_backbone_refuses_hostile_weights_before_keras_reads_them(weights_file, tmp_path, monkeypatch, harm):
    path = Path(shutil.copy(weights_file, tmp_path))
    harm(path, "layers/conv2d/vars/0")
    monkeypatch.setattr(keras.Model, "load_weights", None)

    refuse_weights(path, HOSTILE_FILES[harm])


def test_build_backbone_refuses_weights_that_are_no_hdf5_file_or_called_as_if_they_were_none(weights_file, tmp_path):
    (tmp_path / "some.h5").write_bytes(b"nothing of that kind")
    refuse_weights(tmp_path / "some.h5", "Unable to .*open file")
    refuse_weights(
        Path(shutil.copy(weights_file, tmp_path / "some.keras")), r"a file of weights ends in \.h5, \.hdf5 or \.saf"
    )


@pytest.mark.parametrize("weights", ["nowhere.h5", ""])
def test_build_backbone_names_the_setting_when_there_is_no_such_weights_file(workspace, weights):
    with pytest.raises(PipelineError) as caught:
        build_backbone("pet", make_backbone_settings(weights=weights), 32)

    message = str(caught.value)
    assert message.startswith(
        "members.pet.backbone.weights, or the shared backbone.weights: expected `imagenet`, `null`"
    )
    assert message.endswith(f"the path of an existing weights file, received {weights!r}")


def test_build_backbone_says_what_to_do_when_the_download_fails(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))  # where no earlier download lies
    for scheme in ("http", "https"):
        monkeypatch.setenv(f"{scheme}_proxy", "http://127.0.0.1:9")  # where nobody answers

    with pytest.raises(PipelineError, match=r"MobileNet could not download its ImageNet weights: .*path of a weights"):
        build_backbone("one", make_backbone_settings("MobileNet", weights="imagenet"), 224)


def test_build_pixel_scaling_swaps_the_channels_where_the_architecture_wants_bgr():
    red = np.zeros((1, 1, 1, 3), np.float32)
    red[..., 0] = 255

    received = predict(build_pixel_scaling("VGG16"), red).ravel()

    np.testing.assert_allclose(received, [-103.939, -116.779, 255 - 123.68], atol=1e-3)


def test_build_pixel_scaling_refuses_a_map_that_is_not_affine(monkeypatch):
    def square(images, data_format):
        return images**2

    monkeypatch.setattr(importlib.import_module("keras.applications.vgg16"), "preprocess_input", square)

    with pytest.raises(PipelineError, match="preprocess_input of VGG16 is no affine map"):
        build_pixel_scaling("VGG16")
