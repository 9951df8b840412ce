"""Edits of params.yaml: any block, valid after the edit; and of members, ensembles and cross-validations."""

import json
import random
from typing import Any

from e2e.clone import Clone, Params

from stacker.artifacts.errors import PipelineError
from stacker.settings.whole import load_settings

from .photo_edits import Edit, NotPossibleError

DELETE = "DELETE"  # the setting is not stated
SETTINGS: dict[str, list[Any]] = {
    "fetch": [{}, {"digits": {"kind": "digits"}}],
    "data.image_size": [32, 40],
    "data.fit": ["crop", "pad", DELETE],
    "data.interpolation": ["linear", "cubic", DELETE],
    "data.background": [[0, 0, 0], DELETE],
    "data.splits.validation": [0.2, 0.25],
    "data.splits.test": [0.3, 0.25],
    "data.near_duplicates": [None, 0, 16, DELETE],
    "data.unreadable": ["skip", DELETE],
    "data.label_conflicts": ["report", DELETE],
    "data.seed": [1, 2, DELETE],
    "backbone.pooling": ["max", "flatten", DELETE],
    "backbone.image_size": [32, 36, DELETE],
    "backbone.batch_norm_momentum": [0.9, DELETE],
    "backbone.seed": [2, 3, DELETE],
    "training.class_weights": ["balanced", DELETE],
    "training.C": [0.1, DELETE],
    "training.initial_scores": [True, DELETE],
    "training.seed": [2, DELETE],
    "training.label_smoothing": [0.1, DELETE],
    "training.optimizer": ["sgd", DELETE],
    "stacking.fit_on": ["holdout", "train", DELETE],
    "stacking.folds": [2, 3],
    "stacking.holdout": [0.4, DELETE],
    "stacking.seed": [1, DELETE],
    "ensemble_check.photos": [3, 5, "all"],
    "inference.engine": ["keras", "openvino", DELETE],
    "inference.precision": ["auto", DELETE],
    "inference.batch_size": [4, 8],
}
MEMBERS: list[Params] = [
    {"backbone": "MobileNet"},
    {"backbone": "MobileNetV2"},
    {"backbone": "ResNet50"},
    {"backbone": {"name": "DenseNet121", "pooling": "max", "seed": 4}},
    {"backbone": {"name": "VGG16", "image_size": 33}, "training": {"C": 0.01}},
    {"backbone": "EfficientNetB0", "head": {"hidden": [5], "dropout": 0.2}, "training": {"epochs": 2}},
    {
        "backbone": "MobileNet",
        "head": {"standardize": True, "hidden": [4]},
        "training": {"epochs": 1, "patience": None},
    },
    {
        "backbone": "MobileNetV2",
        "training": {"epochs": 1, "fine_tune": {"layers": 2, "epochs": 1, "learning_rate": 0.01}},
    },
    {"backbone": {"name": "ResNet50", "trainable": True}, "training": {"epochs": 1, "batch_size": 16}},
]
ENSEMBLES: list[Params] = [
    {},
    {"hidden": []},
    {"weight_spread": 0.1, "seed": 3},
    {"spread": 0.5},
    {"calibration": "temperature"},
    {"class_weights": "balanced"},
    {"fit": "adam", "hidden": [3], "epochs": 2, "batch_size": 16},
]
OUTER: list[Params] = [{"folds": 2}, {"folds": 2, "seed": 1}]
LABELS = ("a", "b", "c", "d", "e", "z")


def change(project: Clone, block: str, value: Any) -> None:
    """Set a whole block.

    Raises:
        NotPossibleError: the settings would not be valid, or nothing would change.
    """
    before = project.read_params()
    project.write_params({**before, block: value})
    try:
        load_settings(project.path / "params.yaml")
    except PipelineError:
        project.write_params(before)
        raise NotPossibleError from None
    if json.dumps(before) == json.dumps(project.read_params()):
        raise NotPossibleError


def set_one_of(*blocks: str) -> Edit:
    """An edit that changes one setting of these blocks."""
    places = [where for where in SETTINGS if where.partition(".")[0] in blocks]

    def apply(project: Clone, draws: random.Random) -> str:
        where = draws.choice(places)
        value = draws.choice(SETTINGS[where])
        block, *path = where.split(".")
        given = project.read_params()[block]
        if path:
            inner = given
            for key in path[:-1]:
                inner = inner[key]
            if inner.pop(path[-1], DELETE) == value:
                raise NotPossibleError
            if value != DELETE:
                inner[path[-1]] = value
        else:
            given = value
        change(project, block, given)
        return f"{where}: {value}"

    return apply


def add(block: str, choices: list[Params], most: int) -> Edit:
    """An edit that adds to a mapping of labels, of `most` at most."""

    def apply(project: Clone, draws: random.Random) -> str:
        given = project.read_params()[block]
        others = project.read_params()["meta_models" if block == "members" else "members"]
        free = [label for label in LABELS if label not in given and label not in others]
        if len(given) >= most:
            raise NotPossibleError
        label, value = draws.choice(free), draws.choice(choices)
        change(project, block, {**given, label: value})
        return f"{block}.{label} added: {value}"

    return apply


def remove(block: str, least: int) -> Edit:
    """An edit that removes from a mapping of labels and leaves `least`."""

    def apply(project: Clone, draws: random.Random) -> str:
        given = project.read_params()[block]
        if len(given) <= least:
            raise NotPossibleError
        gone = draws.choice(list(given))
        change(project, block, {label: value for label, value in given.items() if label != gone})
        return f"{block}.{gone} removed"

    return apply


def swap(block: str, choices: list[Params]) -> Edit:
    """An edit that puts another one under a label."""

    def apply(project: Clone, draws: random.Random) -> str:
        given = project.read_params()[block]
        if not given:
            raise NotPossibleError
        label, value = draws.choice(list(given)), draws.choice(choices)
        change(project, block, {**given, label: value})
        return f"{block}.{label} is now {value}"

    return apply


def rename(block: str) -> Edit:
    """An edit that gives one a label that is free, or lets two exchange theirs."""

    def apply(project: Clone, draws: random.Random) -> str:
        given = project.read_params()[block]
        others = project.read_params()["meta_models" if block == "members" else "members"]
        if not given:
            raise NotPossibleError
        old, new = draws.choice(list(given)), draws.choice(LABELS)
        if new in others:
            raise NotPossibleError
        names = {old: new, new: old}
        change(project, block, {names.get(label, label): value for label, value in given.items()})
        return f"{block}.{old} renamed to {new}, and back if that was there"

    return apply


def reorder(block: str) -> Edit:
    """An edit that changes the order alone."""

    def apply(project: Clone, draws: random.Random) -> str:
        given = project.read_params()[block]
        labels = draws.sample(list(given), len(given))
        change(project, block, {label: given[label] for label in labels})
        return f"{block} in the order {', '.join(labels)}"

    return apply


def comment(project: Clone, draws: random.Random) -> str:
    path = project.path / "params.yaml"
    path.write_text(f"# remark {draws.randrange(10**6)}\n{path.read_text(encoding='utf-8')}", encoding="utf-8")
    return "a remark in params.yaml"


EDITS: dict[str, list[Edit]] = {
    "member added": [add("members", MEMBERS, 3)],
    "member removed": [remove("members", 1)],
    "member swapped": [swap("members", MEMBERS)],
    "member renamed": [rename("members")],
    "members reordered": [reorder("members")],
    "ensemble added": [add("meta_models", ENSEMBLES, 3)],
    "ensemble removed": [remove("meta_models", 0)],
    "ensemble swapped or renamed": [swap("meta_models", ENSEMBLES), rename("meta_models")],
    "cross-validation added, changed, removed": [
        add("cross_validation", OUTER, 1),
        swap("cross_validation", OUTER),
        remove("cross_validation", 0),
    ],
    "setting of the photos": [set_one_of("data"), set_one_of("data"), set_one_of("fetch"), comment],
    "setting of backbones or training": [set_one_of("backbone", "training")],
    "setting of stacking": [set_one_of("stacking")],
    "setting of inference or the ensemble's check": [set_one_of("inference", "ensemble_check")],
}
