"""Cutting a member where its frozen part ends."""

import keras
import numpy as np
import pytest
from helpers import make_backbone_settings

from stacker.backbones.building import build_backbone
from stacker.settings.members import Head
from stacker.settings.training import FineTune
from stacker.training.cutting import find_cut, split_member
from stacker.training.heads import assemble_member, build_head, unfreeze_layers

SIDE = 75
IMAGES = np.random.default_rng(0).integers(0, 256, (3, SIDE, SIDE, 3)).astype(np.float32)


def make_unfrozen(name: str, layers: str | int) -> keras.Model:
    backbone = build_backbone("pet", make_backbone_settings(name, pooling="max"), SIDE)
    head = build_head(Head(), np.empty((0, backbone.output_shape[1]), np.float32), 2, seed=0)
    member = assemble_member("pet", backbone, head)
    unfreeze_layers(member.get_layer("network"), FineTune(layers=layers))
    return member


def predict(model: keras.Model, inputs: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(inputs, training=False))


@pytest.mark.parametrize(
    ("name", "layers", "crossing"),
    [
        ("MobileNetV3Small", 30, 3),
        pytest.param("InceptionV3", 60, 2, marks=pytest.mark.slow),  # branches
        ("Xception", "block13_sepconv1", 2),  # the block's input, and its short cut
        pytest.param("VGG16", "block5_conv2", 1, marks=pytest.mark.slow),
    ],
)
def test_the_halves_of_a_member_give_what_the_whole_gives(name, layers, crossing):
    member = make_unfrozen(name, layers)

    front, tail = split_member(member)

    activations = predict(front, IMAGES)
    np.testing.assert_allclose(predict(tail, activations), predict(member, IMAGES), atol=1e-6)
    assert not front.trainable_weights
    assert {id(weights) for weights in tail.trainable_weights} == {id(weights) for weights in member.trainable_weights}
    cut = find_cut(member.get_layer("network"))
    assert len(cut.tensors) == crossing
    assert cut.is_computed
    assert sum(cut.widths) == activations.shape[1]
    assert cut.mib * 2**20 == activations[0].nbytes


def build_network(trained: str) -> keras.Model:
    """Layers of 5 x 5 x 2 and 3 x 3 x 4 places; from the one called `trained` onwards they are trained."""
    pixels = keras.Input((5, 5, 2))
    scaled = keras.layers.BatchNormalization(name="norm")(pixels)
    inner = keras.layers.Conv2D(4, 3, name="conv_0")(scaled)
    network = keras.Model(pixels, keras.layers.Conv2D(1, 3, name="conv_1")(inner))
    names = [layer.name for layer in network.layers]
    for layer in network.layers[: names.index(trained)]:
        layer.trainable = False
    return network


@pytest.mark.parametrize(
    ("trained", "widths", "is_computed"), [("norm", [50], False), ("conv_0", [50], False), ("conv_1", [36], True)]
)
def test_the_cut_lies_before_the_first_trained_layer(trained, widths, is_computed):
    cut = find_cut(build_network(trained))

    assert (cut.widths, cut.is_computed) == (widths, is_computed)
