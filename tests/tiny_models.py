"""Networks of a few hundred weights, saved as the pipeline saves: an ensemble or a member, with its description."""

from pathlib import Path

import numpy as np
from helpers import make_description

from stacker.artifacts.descriptions import MemberFacts
from stacker.artifacts.preparation import Preparation
from stacker.uncertainty.novelty import learn_familiar, pack_familiar

WIDTH = 6  # features of a member
CLASSES = ["cat", "dog", "hare"]


def write_tiny_ensemble(path: Path, class_count: int = 2, **preparation) -> None:
    """Write an ensemble of the members `first` and `second`, on images of 48 px if `preparation` does not say other."""
    from stacker.artifacts.saved_models import save_model
    from stacker.ensembles.meta_model import assemble_ensemble, build_meta_model

    prepared = Preparation(**{"side": 48, **preparation})
    members = {
        label: build_tiny_member(label, seed, prepared.side, class_count)
        for seed, label in enumerate(("second", "first"))  # the order of the inputs is not that of the names
    }
    meta_model = build_meta_model(dict.fromkeys(members, members["first"].output_shape[1]), True, [4], class_count, 3)
    facts = {label: make_facts(seed) for seed, label in enumerate(sorted(members))}
    described = make_description(path.stem, sorted(facts), preparation=prepared, classes=CLASSES[:class_count])
    description = described.model_copy(update={"members": facts})
    save_model(assemble_ensemble(path.stem, members, meta_model), path, description)


def write_tiny_member(path: Path, class_count: int = 2, **preparation) -> None:
    from stacker.artifacts.saved_models import save_model

    prepared = Preparation(**{"side": 48, **preparation})
    described = make_description(path.stem, preparation=prepared, classes=CLASSES[:class_count])
    description = described.model_copy(update={"members": {path.stem: make_facts(5)}})
    save_model(build_tiny_member(path.stem, 5, prepared.side, class_count), path, description)


def build_tiny_member(label: str, seed: int, side: int, class_count: int):
    """A member whose answer hangs on every part of a photo: probabilities of photos are far apart."""
    import keras

    from stacker.training.probabilities import give_probabilities

    keras.utils.set_random_seed(seed)
    features = keras.Input((WIDTH,), name="features")
    wide = keras.initializers.RandomNormal(stddev=8.0, seed=seed)
    logits = keras.layers.Dense(1 if class_count == 2 else class_count, kernel_initializer=wide, name="logits")(
        features
    )
    images = keras.Input((side, side, 3), name=label)
    inner = keras.layers.Rescaling(1 / 255, name="scale_pixels")(images)
    inner = keras.layers.Conv2D(WIDTH, 5, strides=3, activation="relu", name="conv")(inner)
    inner = keras.layers.GlobalAveragePooling2D(name="pool")(inner)
    head = keras.Model(features, logits, name="head")
    return give_probabilities(keras.Model(images, head(inner), name=label))


def make_facts(seed: int) -> MemberFacts:
    features = np.random.default_rng(seed).random((40, WIDTH)).astype(np.float32)
    familiar = pack_familiar(learn_familiar(features[:30], features[30:]))
    return MemberFacts(backbone="Tiny", weights="random", familiar=familiar)
