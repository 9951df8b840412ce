"""A small member for the tests of this room: an architecture of a few layers stands in for those of Keras."""

from collections.abc import Callable
from functools import partial

import keras
import numpy as np
import pytest

from stacker.settings.backbone import Backbone
from stacker.training.member_data import MemberData

SIDE = 16
COUNTS = {"train": 12, "validation": 7, "test": 5}


def build_small_backbone(label: str, settings: Backbone, side: int, dropout: float = 0.0) -> keras.Model:
    """As `build_backbone` gives it, its layers named alike; the network has a short cut and batch normalisation.

    With dropout it has that too, before conv_1 and before conv_2.
    """
    keras.utils.set_random_seed(settings.seed)
    pixels = keras.Input((side, side, 3))
    inner = keras.layers.Conv2D(4, 3, strides=2, name="conv_0")(pixels)
    short_cut = keras.layers.ReLU(name="relu_0")(keras.layers.BatchNormalization(name="norm_0")(inner))
    if dropout:
        short_cut = keras.layers.Dropout(dropout, name="drop_0")(short_cut)
    inner = keras.layers.Conv2D(4, 3, padding="same", name="conv_1")(short_cut)
    inner = keras.layers.Add(name="add_1")([short_cut, keras.layers.BatchNormalization(name="norm_1")(inner)])
    if dropout:
        inner = keras.layers.Dropout(dropout, name="drop_1")(inner)
    network = keras.Model(pixels, keras.layers.Conv2D(6, 3, name="conv_2")(inner), name="network")
    network.trainable = settings.trainable
    images = keras.Input((side, side, 3), name=label)
    scaling = keras.layers.Dense(3, trainable=False, name="scale_pixels", dtype="float32")
    scaling.build((None, None, None, 3))
    scaling.set_weights([np.eye(3) / 255, np.zeros(3)])
    features = keras.layers.GlobalAveragePooling2D(name="pool", dtype="float32")(network(scaling(images)))
    return keras.Model(images, features, name=f"{label}_backbone")


@pytest.fixture
def small_backbone(monkeypatch) -> list[keras.Model]:
    """Let `MemberParts` build the small architecture; what it has built is in the list."""
    built: list[keras.Model] = []

    def build(label: str, settings: Backbone, side: int) -> keras.Model:
        built.append(build_small_backbone(label, settings, side))
        return built[-1]

    monkeypatch.setattr("stacker.training.member_parts.build_backbone", build)
    return built


@pytest.fixture
def set_dropout(monkeypatch) -> Callable[[float], None]:
    """Let `MemberParts` build the small architecture with dropout of a rate; its first weights are always the same."""

    def choose(rate: float) -> None:
        build = partial(build_small_backbone, dropout=rate)
        monkeypatch.setattr("stacker.training.member_parts.build_backbone", build)

    return choose


@pytest.fixture
def small_data(workspace) -> MemberData:
    """Photos of two classes, one darker than the other, and their features by the small architecture."""
    (workspace / "data").mkdir()
    generator = np.random.default_rng(0)
    labels = {split: np.arange(count) % 2 for split, count in COUNTS.items()}
    images = {
        split: (generator.integers(0, 156, (len(values), SIDE, SIDE, 3)) + 100 * values[:, None, None, None]).astype(
            np.uint8
        )
        for split, values in labels.items()
    }
    backbone = build_small_backbone("pet", Backbone(name="MobileNetV2"), SIDE)
    features = {
        split: keras.ops.convert_to_numpy(backbone(values.astype(np.float32))) for split, values in images.items()
    }
    del labels["test"]
    return MemberData(images, labels, features, 2)
