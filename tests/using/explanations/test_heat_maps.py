"""Heat maps: by hand on a tiny network, and against the class activation map of every architecture."""

from pathlib import Path

import keras
import numpy as np
import pytest
from helpers import build_small_member, make_backbone_settings, make_description
from tiny_networks import FOR_RED, GREEN, NOTHING, PHOTO, RED, SIDE, build_tiny_ensemble, build_tiny_member

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.saved_models import save_model
from stacker.backbones.building import build_backbone
from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.members import Head
from stacker.training.heads import assemble_member, build_head
from stacker.training.probabilities import give_probabilities
from stacker.using.explanations.heat_maps import compute_heat_maps, find_members

pytestmark = pytest.mark.thorough

# One of each kind runs in `make test`: wide channels and swish, plain layers without batch normalisation.
QUICK = {"MobileNetV2", "VGG16"}
EVERY_ARCHITECTURE = [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ARCHITECTURES]


def save_and_load(model: keras.Model, folder: Path) -> keras.Model:
    path = folder / f"{model.name}.h5"
    save_model(model, path, make_description(model.name))
    return keras.models.load_model(path, compile=False)


@pytest.mark.parametrize("pooling", ["GlobalAveragePooling2D", "GlobalMaxPooling2D"])
def test_one_logit_speaks_for_the_second_class_and_its_minus_for_the_first(pooling):
    model = build_tiny_member("one", FOR_RED, pooling)

    received = compute_heat_maps(model, np.stack([PHOTO, PHOTO]), np.array([1, 0]))

    assert list(received) == ["one"]
    assert received["one"].dtype == np.float32
    np.testing.assert_allclose(received["one"], [RED, GREEN], atol=1e-6)


def test_each_class_of_a_softmax_has_its_own_map():
    model = build_tiny_member("one", [([[2, 0, -1], [-1, 3, -1]], None)])

    received = [compute_heat_maps(model, PHOTO[np.newaxis], number)["one"][0] for number in range(3)]

    np.testing.assert_allclose(received, [RED, GREEN, NOTHING], atol=1e-6)


def test_the_gradient_goes_through_hidden_layers():
    # The second hidden unit is off, so its large weight, which speaks against red, does not count.
    model = build_tiny_member("one", [([[1, -1], [-1, 0]], "relu"), ([[4], [100]], None)])

    (received,) = compute_heat_maps(model, PHOTO[np.newaxis], 1)["one"]

    np.testing.assert_allclose(received, RED, atol=1e-6)


def test_a_map_is_zero_everywhere_where_nothing_speaks_for_the_class():
    model = build_tiny_member("one", [([[2], [3]], None)])

    received = compute_heat_maps(model, np.stack([PHOTO, PHOTO]), np.array([0, 1]))["one"]

    assert not received[0].any()
    assert received[1].max() == 1


@pytest.mark.parametrize("pooling", ["GlobalAveragePooling2D", "GlobalMaxPooling2D"])
def test_what_speaks_against_the_class_is_cut_off_where_maps_overlap(pooling):
    model = build_tiny_member("one", FOR_RED, pooling)
    photo = PHOTO.copy()
    photo[0, 1, 1] = 100  # 2 x 200 red - 3 x 100 green leaves as much as half of the 2 x 100 red of the other place
    photo[2, 0, 1] = 100  # 2 x 100 - 3 x 100

    (received,) = compute_heat_maps(model, photo[np.newaxis], 1)["one"]

    expected = np.zeros((SIDE, SIDE))
    expected[0, 1] = 1
    np.testing.assert_allclose(received, expected, atol=1e-6)


def test_an_image_does_not_depend_on_those_beside_it():
    model = build_tiny_member("one", FOR_RED)
    faint = (PHOTO // 10)[::-1]

    together = compute_heat_maps(model, np.stack([PHOTO, faint]), 1)["one"]

    np.testing.assert_allclose(together, [RED, RED[::-1]], atol=1e-6)


def test_each_member_of_a_saved_ensemble_has_its_own_map(tmp_path):
    two_logits = build_tiny_member("member_ant", [([[-1, 1], [1, -1]], None)])
    members = [build_tiny_member("zebra", FOR_RED), two_logits]
    model = save_and_load(build_tiny_ensemble("ensemble", members), tmp_path)
    inputs = {member.name: PHOTO[np.newaxis].astype(np.float32) for member in members}
    before = model.predict_on_batch(inputs)

    for _ in range(2):  # the model is left as it was
        received = compute_heat_maps(model, PHOTO[np.newaxis], 0)
        assert list(received) == ["zebra", "member_ant"]
        np.testing.assert_allclose(received["zebra"], [GREEN], atol=1e-6)
        np.testing.assert_allclose(received["member_ant"], [GREEN], atol=1e-6)
    np.testing.assert_array_equal(model.predict_on_batch(inputs), before)


def test_a_model_of_another_kind_is_refused():
    with pytest.raises(PipelineError, match="small has no layer `network`: heat maps need a model that"):
        find_members(build_small_member("small", seed=0))


def compute_activation_map(member: keras.Model, images: np.ndarray, pooling: str, sign: int) -> np.ndarray:
    """The class activation map (Zhou et al. 2016), forwards only: what Grad-CAM is for a head of one layer."""
    network = keras.Model(member.inputs, member.get_layer("pool").input)
    maps = keras.ops.convert_to_numpy(network([images.astype(np.float32)], training=False))
    kernel = member.get_layer("head").get_layer("logits").get_weights()[0]
    weights = kernel.reshape(*maps.shape[1:]).mean(axis=(0, 1)) if pooling == "flatten" else kernel[:, 0]
    heat = (sign * maps @ weights).clip(min=0)
    return heat / np.maximum(heat.max(axis=(1, 2), keepdims=True), np.finfo(np.float32).tiny)


def check_against_activation_map(tmp_path, name: str, pooling: str = "avg", image_size: int | None = None) -> None:
    side = 96 if ARCHITECTURES[name].minimum_size == 32 else 160  # each leaves more than one place
    backbone = build_backbone("one", make_backbone_settings(name, pooling=pooling, image_size=image_size), side)
    head = build_head(Head(), np.zeros((1, backbone.output_shape[-1]), np.float32), 2, seed=0)
    model = save_and_load(give_probabilities(assemble_member("one", backbone, head)), tmp_path)
    images = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), np.uint8)
    images[:, : side // 2, : side // 2] //= 8  # so that places differ

    for_first, for_second = (compute_heat_maps(model, images, number)["one"] for number in (0, 1))

    assert for_first.shape[1] > 1
    for received, sign in ((for_first, -1), (for_second, 1)):
        np.testing.assert_allclose(received, compute_activation_map(model, images, pooling, sign), atol=2e-3)
    assert for_first.any() or for_second.any()
    assert not (np.minimum(for_first, for_second) > 0).any()  # no place speaks for both


@pytest.mark.parametrize("name", EVERY_ARCHITECTURE)
def test_every_architecture_has_heat_maps(name, tmp_path):
    check_against_activation_map(tmp_path, name)


@pytest.mark.parametrize(
    ("pooling", "image_size"), [("max", None), ("flatten", None), ("avg", 64), ("avg", 128)], ids=str
)
def test_every_pooling_and_a_size_inside_have_heat_maps(pooling, image_size, tmp_path):
    check_against_activation_map(tmp_path, "MobileNetV2", pooling, image_size)
