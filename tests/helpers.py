"""What tests build their workspaces from: small settings, small images, small arrays."""

import json
import os
from base64 import b64encode
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import yaml

from stacker.artifacts.descriptions import Description, FamiliarBytes, HeldOutScores, MemberFacts, Thresholds
from stacker.artifacts.predictions import Predictions
from stacker.artifacts.preparation import Preparation, write_preparation
from stacker.settings.backbone import Backbone
from stacker.settings.inference import Inference
from stacker.settings.members import Head, Member
from stacker.settings.training import Training

TRAINING = {"solver": "minibatch", "epochs": 1, "batch_size": 8, "learning_rate": 0.01, "patience": None}
META_MODEL = {"hidden": [4]}
ADAM = {"fit": "adam", "hidden": [4], "epochs": 2, "batch_size": 8, "learning_rate": 0.01}
INFERENCE = {"engine": "keras", "batch_size": 8}


def small_settings() -> dict[str, Any]:
    """A small valid params.yaml, as a new mapping that a test may edit."""
    return {
        "backend": os.environ.get("KERAS_BACKEND", "tensorflow"),
        "fetch": {},
        "data": {
            "images": "photos",
            "image_size": 32,
            "interpolation": "linear",
            "splits": {"train": ".", "validation": 0.2, "test": 0.2},
            "near_duplicates": None,
        },
        "backbone": {"weights": None},
        "training": {**TRAINING},
        "members": {"first": {"backbone": "MobileNetV2"}, "second": {"backbone": "MobileNetV3Small"}},
        "stacking": {"folds": 2, "holdout": 0.25},
        "meta_models": {"ensemble": {**META_MODEL}},
        "ensemble_check": {"photos": 3},
        "inference": {**INFERENCE},
        "cross_validation": {},
    }


def edited(document: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Set dotted keys of `document`, in place; the value "DELETE" removes the key."""
    for dotted, value in changes.items():
        *path, last = dotted.split(".")
        section = document
        for key in path:
            section = section[key]
        if value == "DELETE":
            del section[last]
        else:
            section[last] = value
    return document


def write_params(document: dict[str, Any]) -> None:
    Path("params.yaml").write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")


def write_edited(changes: dict[str, Any]) -> None:
    """Write params.yaml: the small settings with `changes`."""
    write_params(edited(small_settings(), changes))


def make_backbone_settings(name: str = "MobileNetV2", **changes: Any) -> Backbone:
    return Backbone(**{"name": name, "weights": None, **changes})


def make_training(**changes: Any) -> Training:
    return Training(**{**TRAINING, **changes})


def make_inference(**changes: Any) -> Inference:
    return Inference(**{**INFERENCE, **changes})


def make_member(backbone: dict[str, Any] | None = None, head: dict[str, Any] | None = None, **training: Any) -> Member:
    return Member(
        backbone={"name": "MobileNetV2", "weights": None, **(backbone or {})},
        head=Head(**(head or {})),
        training={**TRAINING, **training},
    )


def make_predictions(**changes: Any) -> Predictions:
    column = np.array([[-1.1], [0.0]], np.float32)
    arrays = {name: column for name in ("train", "validation", "test", "held_out")}
    rows = {"held_out_rows": np.arange(2), "held_out_fold": np.array([0, 1])}
    facts = {"initial_test": np.empty((0, 1), np.float32), "is_balanced": np.array(False)}
    return Predictions(**{**arrays, **rows, **facts, **changes})


def make_thresholds(**changes: Any) -> Thresholds:
    sets = {"0.9": 0.75, "0.95": 0.5, "0.99": 0.125}
    facts = {"level": "0.95", "novelty": 3.0, "n": 200, "groups": 190, "is_watched": False}
    return Thresholds(**{"sets": sets, **facts, **changes})


def make_description(label: str, joined: Sequence[str] = (), **changes: Any) -> Description:
    """What a saved model may know of itself; `joined` are the members of an ensemble."""
    familiar = FamiliarBytes(
        dimensions=1,
        centre=b64encode(np.array([0.25], "<f4").tobytes()),
        whitening=b64encode(np.array([2.0], "<f4").tobytes()),
        scale=0.5,
    )
    facts = MemberFacts(backbone="MobileNetV2", weights="random", familiar=familiar)
    given = {
        "kind": "ensemble" if joined else "member",
        "label": label,
        "classes": ["cat", "dog"],
        "preparation": Preparation(side=8),
        "members": dict.fromkeys(joined or [label], facts),
        "settings": "0123456789abcdef",
        "backend": "tensorflow",
        "versions": {"keras": "3.15"},
        "held_out": HeldOutScores(rows="oof", n=20, groups=19, right=18, log_loss=0.25),
        "thresholds": make_thresholds(),
    }
    return Description(**{**given, **changes})


def build_small_member(label: str, seed: int, width: int = 1):
    """A small Keras member with batch normalisation, its layers named as every member's are; images of 8 px."""
    import keras  # most tests need none

    from stacker.training.probabilities import give_probabilities

    keras.utils.set_random_seed(seed)
    images = keras.Input((8, 8, 3), name=label)
    inner = keras.layers.Conv2D(4, 3, name="conv")(images)
    inner = keras.layers.BatchNormalization(name="norm")(inner)
    inner = keras.layers.GlobalAveragePooling2D(name="pool")(inner)
    inner = keras.layers.Dropout(0.5, name="dropout")(inner)
    logits = keras.layers.Dense(width, name="logits")(inner)
    return give_probabilities(keras.Model(images, logits, name=label))


def write_image(path: Path, pixels: np.ndarray) -> None:
    """Write uint8 RGB (or grey) pixels with OpenCV, which wants BGR."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels[..., ::-1] if pixels.ndim == 3 else pixels)


def write_scene(path: Path, height: int, width: int) -> None:
    """Soft noise: something to tell apart in every place, that a JPEG keeps."""
    coarse = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    write_image(path, cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC))


def write_noise_folders(root: Path, counts: dict[str, int], seed: int = 0, side: int = 16) -> None:
    """Class folders of PNG files with random pixels: no two are alike."""
    generator = np.random.default_rng(seed)
    for name, count in counts.items():
        for number in range(count):
            write_image(root / name / f"{name}_{number:03d}.png", generator.integers(0, 256, (side, side, 3), np.uint8))


def write_arrays(counts: dict[str, int], classes: int = 2, side: int = 32, seed: int = 0) -> None:
    """Write data/arrays as prepare does: class k is noise with a bright band in another place, easy to tell apart."""
    generator = np.random.default_rng(seed)
    folder = Path("data/arrays")
    for split, count in counts.items():
        labels = np.arange(count, dtype=np.int64) % classes
        images = generator.integers(0, 80, (count, side, side, 3), np.uint8)
        band = side // classes
        for row, label in enumerate(labels):
            images[row, :, label * band : (label + 1) * band] += 150
        (folder / split).mkdir(parents=True)
        np.save(folder / split / "images.npy", images)
        np.save(folder / split / "labels.npy", labels)
        np.save(folder / split / "groups.npy", np.arange(count, dtype=np.int64))
        (folder / split / "fingerprint.txt").write_text(f"{len(split):016x}\n", encoding="ascii")
    write_preparation(folder / "preparation.json", Preparation(side=side))
    (folder / "classes.json").write_text(json.dumps([f"class_{k}" for k in range(classes)]), encoding="utf-8")
