"""An ensemble with known answers: it tells light photos from dark ones, and finds coloured ones strange; photos."""

import struct
import zlib
from pathlib import Path

import keras
import numpy as np
from helpers import make_description, make_thresholds, write_image

from stacker.artifacts.descriptions import Description, MemberFacts
from stacker.artifacts.preparation import Preparation
from stacker.artifacts.saved_models import save_model
from stacker.ensembles.meta_model import assemble_ensemble, restore_meta_model
from stacker.ensembles.meta_weights import MetaWeights
from stacker.training.probabilities import give_probabilities
from stacker.uncertainty.novelty import learn_familiar, pack_familiar

SIDE = 16
CLASSES = ["dark", "light"]
# Names that are markup, a template, or a command to a terminal; a folder's has no slash.
HOSTILE = ["<img src=x onerror=alert(1)>", "${1+1}{{value}}<svg onload=alert(2)>\x1b[31m"]
MEMBERS = ["first", "second"]
MIDDLE = {"first": 0.5, "second": 0.75}  # of 1: how light a photo is that a member is undecided about


def write_light_model(path: Path, classes: list[str] = CLASSES) -> None:
    """Save the ensemble. Its log odds of "light" are the mean of its members'."""
    members = {label: _build_member(label, middle) for label, middle in MIDDLE.items()}
    mean = (np.array([[0.5], [0.5], [0], [0]], np.float32), np.zeros(1, np.float32))
    meta_model = restore_meta_model(MetaWeights(MEMBERS, True, [mean]), dict.fromkeys(MEMBERS, 1), 2)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_model(assemble_ensemble("ensemble", members, meta_model), path, _describe(classes))


def write_plain_photo(path: Path, grey: int, size: tuple[int, int] = (40, 30)) -> Path:
    """A photo that is `grey` all over, 0-255, but for a lighter spot."""
    pixels = np.full((*size, 3), grey, np.uint8)
    pixels[4:8, 4:8] += 10
    write_image(path, pixels)
    return path


def write_red_photo(path: Path) -> Path:
    """A photo unlike those in training, which have no colours."""
    write_image(path, np.full((20, 20, 3), (200, 0, 0), np.uint8))
    return path


def write_header_only(path: Path, width: int, height: int) -> None:
    """A PNG that says how large it is, and has no pixels: whoever decodes it fails."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", b"")
    )


def _build_member(label: str, middle: float) -> keras.Model:
    """Features are how red, green and blue the photo is, 0-1; log odds are 20 times how much lighter than `middle`."""
    inside = keras.Input((SIDE, SIDE, 3))
    convolution = keras.layers.Conv2D(3, 2, strides=2, use_bias=False)
    network = keras.Model(inside, convolution(inside), name="network")
    convolution.set_weights([np.broadcast_to(np.eye(3, dtype=np.float32) / (4 * 255), (2, 2, 3, 3))])
    features = keras.Input((3,), name="features")
    dense = keras.layers.Dense(1, name="logits")
    head = keras.Model(features, dense(features), name="head")
    dense.set_weights([np.full((3, 1), 20 / 3, np.float32), np.array([-20 * middle], np.float32)])
    images = keras.Input((SIDE, SIDE, 3), name=label)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(network(images))
    return give_probabilities(keras.Model(images, head(pooled), name=label))


def _describe(classes: list[str]) -> Description:
    noise = np.random.default_rng(0)
    greys = noise.uniform(0.1, 1, (100, 1)) + noise.normal(0, 0.02, (100, 3))
    familiar = pack_familiar(learn_familiar(greys[:80].astype(np.float32), greys[80:].astype(np.float32)))
    facts = MemberFacts(backbone="none", weights="random", familiar=familiar)
    thresholds = make_thresholds(sets={"0.9": 0.4, "0.95": 0.2}, level="0.95", novelty=50.0)
    described = make_description(
        "ensemble", MEMBERS, classes=classes, preparation=Preparation(side=SIDE), thresholds=thresholds
    )
    return described.model_copy(update={"members": dict.fromkeys(MEMBERS, facts)})
