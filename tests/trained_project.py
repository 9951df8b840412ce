"""A folder with small trained models in it, as the pipeline leaves them, and photos to use them on."""

from pathlib import Path

import keras
import numpy as np
from helpers import build_small_member, make_description, make_thresholds, write_image

from stacker.artifacts.descriptions import Description, MemberFacts
from stacker.artifacts.preparation import Preparation
from stacker.artifacts.saved_models import save_model
from stacker.ensembles.meta_model import assemble_ensemble, build_meta_model
from stacker.uncertainty.novelty import learn_familiar, pack_familiar

MEMBERS = ("first", "second")
CLASSES = ["cat", "dog", "hen"]
SIDE = 8


def write_models(folder: Path, classes: list[str] | None = None, novelty: float | None = 50.0) -> None:
    """Write models/members/{first,second}.h5 and models/ensemble.h5: three classes, images of 8 px."""
    names = CLASSES if classes is None else classes
    width = 1 if len(names) == 2 else len(names)
    members = {label: build_small_member(label, seed, width) for seed, label in enumerate(MEMBERS)}
    for member in members.values():
        kernel = member.get_layer("logits").kernel
        kernel.assign(0.02 * kernel)  # or each would be sure of all photos
    facts = {label: describe_member(member) for label, member in members.items()}
    given = {"classes": names, "preparation": Preparation(side=SIDE), "thresholds": make_thresholds(novelty=novelty)}
    for label, member in members.items():
        described = make_description(label, **given, members={label: facts[label]})
        save_model(member, folder / f"models/members/{label}.h5", described)
    meta_model = build_meta_model(dict.fromkeys(reversed(MEMBERS), width), True, [3], len(names), seed=7)
    ensemble = assemble_ensemble("ensemble", members, meta_model)
    save_model(ensemble, folder / "models/ensemble.h5", describe_ensemble(facts, given))


def describe_ensemble(facts: dict[str, MemberFacts], given: dict) -> Description:
    return make_description("ensemble", list(MEMBERS), **{**given, "members": facts})


def describe_member(member: keras.Model) -> MemberFacts:
    """It has learnt a hundred pictures of soft noise."""
    backbone = keras.Model(member.input, member.get_layer("pool").output)
    images = np.random.default_rng(5).integers(60, 190, (100, SIDE, SIDE, 3)).astype(np.float32)
    features = keras.ops.convert_to_numpy(backbone(images, training=False))
    familiar = pack_familiar(learn_familiar(features[:70], features[70:]))
    return MemberFacts(backbone="MobileNetV2", weights="random", familiar=familiar)


def write_photos(folder: Path, count: int, side: int = SIDE, seed: int = 3) -> list[Path]:
    """Pictures of soft noise, no two alike."""
    draws = np.random.default_rng(seed)
    paths = [folder / f"photo_{number:02d}.png" for number in range(count)]
    for path in paths:
        write_image(path, draws.integers(60, 190, (side, side, 3), np.uint8))
    return paths


def predict_in_keras(path: Path, images: np.ndarray) -> np.ndarray:
    """What plain Keras makes of prepared images, without a line of ours."""
    model = keras.models.load_model(path, compile=False)
    inputs = {tensor.name: images.astype(np.float32) for tensor in model.inputs}
    return keras.ops.convert_to_numpy(model(inputs, training=False))
