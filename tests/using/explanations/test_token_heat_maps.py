"""Heat maps of vision transformers: Grad-CAM on the tokens, checked by finite differences."""

import keras
import numpy as np
import pytest
from helpers import make_description
from tiny_transformers import NATIVE_SIDE, draw_images, make_tiny_settings, use_tiny

from stacker.artifacts.saved_models import save_model
from stacker.backbones.building import build_backbone
from stacker.settings.members import Head
from stacker.training.heads import assemble_member, build_head
from stacker.training.probabilities import give_probabilities
from stacker.using.explanations.heat_maps import compute_heat_maps

pytestmark = pytest.mark.thorough
STEP = 1e-2


def build_member(name: str, pooling: str) -> keras.Model:
    """From pixels to logits of three classes."""
    backbone = build_backbone("pet", make_tiny_settings(name, pooling=pooling), NATIVE_SIDE)
    head = build_head(Head(), np.zeros((1, backbone.output_shape[-1]), np.float32), 3, seed=1)
    return assemble_member("pet", backbone, head)


def differ(judge, tokens: np.ndarray, index: int) -> np.ndarray:
    """The gradient of a class's logit at each number of `tokens`, (count, channels), by central differences."""
    steps = STEP * np.eye(tokens.size, dtype=np.float32).reshape(-1, *tokens.shape)
    ahead, behind = judge(tokens + steps)[:, index], judge(tokens - steps)[:, index]
    return ((ahead - behind) / (2 * STEP)).reshape(tokens.shape)


def scale(heat: np.ndarray) -> np.ndarray:
    return heat / max(heat.max(), 1e-12)


@pytest.mark.parametrize("index", [0, 2])
@pytest.mark.parametrize(("name", "before"), [("DINOv2RegistersSmall14", 5), ("SigLIPBase16", 0), ("ViTSmall16", 1)])
def test_a_token_is_explained_by_the_patches_before_the_last_block(name, before, index, tmp_path, monkeypatch):
    use_tiny(monkeypatch)
    member = build_member(name, "token")
    network, image = member.get_layer("network"), draw_images(NATIVE_SIDE)[0]
    at = network.get_layer("block_1_first_norm").input
    seen = keras.Model(network.inputs, at)
    rest = keras.Model(at, network.output)
    head = member.get_layer("head")
    scaled = member.get_layer("scale_pixels")(image[np.newaxis].astype(np.float32))
    tokens = keras.ops.convert_to_numpy(seen(scaled))[0]
    gradient = differ(lambda values: keras.ops.convert_to_numpy(head(rest(values))), tokens, index)
    heat = (tokens[before:] @ gradient[before:].mean(axis=0)).clip(min=0).reshape(4, 4)
    model = give_probabilities(member)
    save_model(model, tmp_path / "pet.h5", make_description("pet"))

    for one in (model, keras.models.load_model(tmp_path / "pet.h5", compile=False)):
        (received,) = compute_heat_maps(one, image[np.newaxis], index)["pet"]

        assert received.shape == (4, 4)
        np.testing.assert_allclose(received, scale(heat), atol=0.02)


def test_averaged_patches_are_explained_as_feature_maps_are(monkeypatch):
    use_tiny(monkeypatch)
    member = build_member("DINOv2Small14", "avg")
    images = draw_images(NATIVE_SIDE)
    network = keras.Model(member.inputs, member.get_layer("pool").input)
    maps = keras.ops.convert_to_numpy(network([images.astype(np.float32)]))
    kernel = member.get_layer("head").get_layer("logits").get_weights()[0]
    heat = (maps @ kernel[:, 1]).clip(min=0)

    received = compute_heat_maps(give_probabilities(member), images, 1)["pet"]

    assert received.shape == (3, 4, 4)
    assert heat.any()
    np.testing.assert_allclose(received, [scale(one) for one in heat], atol=1e-5)
