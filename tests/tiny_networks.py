"""Members whose answers and heat maps are known by hand: they see how red and how green a photo is, place by place."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from helpers import make_description

from stacker.artifacts.preparation import Preparation
from stacker.artifacts.saved_models import save_model
from stacker.ensembles.meta_model import assemble_ensemble, build_meta_model
from stacker.training.probabilities import give_probabilities
from stacker.uncertainty.novelty import Familiar, pack_familiar

SIDE = 4
FOR_RED = [([[2], [-3]], None)]  # the second class is red, the first green

# One red place, another half as red, and a green one: none of them mirrors another.
PHOTO = np.zeros((SIDE, SIDE, 3), np.uint8)
PHOTO[0, 1, 0], PHOTO[2, 0, 0], PHOTO[3, 2, 1] = 200, 100, 200
RED = np.zeros((SIDE, SIDE), np.float32)
RED[0, 1], RED[2, 0] = 1, 0.5
GREEN = np.zeros((SIDE, SIDE), np.float32)
GREEN[3, 2] = 1
NOTHING = np.zeros((SIDE, SIDE), np.float32)


def build_tiny_member(label: str, layers: Sequence[tuple], pooling: str = "GlobalAveragePooling2D") -> keras.Model:
    """A member whose two feature maps are the red and the green channel.

    Args:
        label: the member's.
        layers: of its head, kernel and activation; the first kernel has a row for red and one for green.
        pooling: a layer of Keras'.
    """
    inputs = keras.Input((SIDE, SIDE, 3))
    conv = keras.layers.Conv2D(2, 1, use_bias=False)
    network = keras.Model(inputs, conv(inputs), name="network")
    conv.set_weights([np.eye(3, 2, dtype=np.float32).reshape(1, 1, 3, 2)])
    scaling = keras.layers.Dense(3, name="scale_pixels")
    scaling.build((None, None, None, 3))
    scaling.set_weights([np.eye(3, dtype=np.float32) / 100, np.zeros(3, np.float32)])
    features = keras.Input((2,), name="features")
    inner = features
    for number, (kernel, activation) in enumerate(layers):
        layer = keras.layers.Dense(len(kernel[0]), activation, use_bias=False, name=f"dense_{number}")
        inner = layer(inner)
        layer.set_weights([np.array(kernel, np.float32)])
    head = keras.Model(features, inner, name="head")
    images = keras.Input((SIDE, SIDE, 3), name=label)
    pooled = getattr(keras.layers, pooling)(name="pool")(network(scaling(images)))
    return give_probabilities(keras.Model(images, head(pooled), name=label))


def build_tiny_ensemble(label: str, members: Sequence[keras.Model]) -> keras.Model:
    """An ensemble of members, weighted at random."""
    widths = {member.name: member.output_shape[-1] for member in members}
    meta_model = build_meta_model(widths, False, [4], 2, seed=0)
    return assemble_ensemble(label, {member.name: member for member in members}, meta_model)


def save_tiny_model(model: keras.Model, path: Path, members: Sequence[str] = (), classes=("green", "red")) -> None:
    """Save a member, or an ensemble of `members`, with its description: no photo is novel to it."""
    description = make_description(model.name, members, classes=list(classes), preparation=Preparation(side=SIDE))
    familiar = pack_familiar(Familiar(np.zeros(2, np.float32), np.eye(2, dtype=np.float32), 1.0))
    facts = {label: member.model_copy(update={"familiar": familiar}) for label, member in description.members.items()}
    save_model(model, path, description.model_copy(update={"members": facts}))
