"""What the stage `compare` reads, laid out in the working directory from small made-up predictions."""

import json
from pathlib import Path

import numpy as np
from helpers import edited, small_settings, write_params

from stacker.artifacts.curves import Epoch, write_history
from stacker.artifacts.predictions import (
    EnsemblePredictions,
    Predictions,
    save_ensemble_predictions,
    save_fused,
    save_predictions,
)
from stacker.ensembles.leave_one_out import save_leave_one_out
from stacker.ensembles.meta_weights import MetaWeights

CURVE = [Epoch(1, "head", 0.5, 0.7, 0.6, 0.6, 0.1), Epoch(2, "head", 0.6, 0.6, 0.7, 0.5, 0.1)]
SPLITS = ("train", "validation", "test")


def draw_logits(labels, classes, knowledge, generator):
    """What a member that knows a little says: (n, 1) for two classes, else (n, classes)."""
    logits = generator.normal(size=(len(labels), classes)) + knowledge * np.eye(classes)[labels]
    return (logits[:, 1:] - logits[:, :1] if classes == 2 else logits).astype(np.float32)


def make_member(labels, classes, knowledge, seed, leaked=False):
    generator = np.random.default_rng(seed)
    train, validation, test = (draw_logits(labels[split], classes, knowledge, generator) for split in SPLITS)
    rows = np.arange(len(labels["train"]))
    cuts = rows // classes % 3 if len(rows) > 3 * classes else rows % 2
    cuts = np.full(len(rows), -1) if leaked else cuts
    cost = {"parameters": np.array(1000 * seed + 7), "gflop": np.array(0.25), "file_bytes": np.array(5_000_000)}
    return Predictions(train, validation, test, train, rows, cuts, test[:0], np.array(False), **cost)


def write_project(members, classes=2, n=60, ensembles=("ensemble",), leaked=False, seed=0):
    """Lay out in the working directory all that `compare` reads.

    Args:
        members: by label, either its `Predictions`, or a number: how much it knows.
    """
    labels = {split: np.arange(n) % classes for split in SPLITS}
    names = ["cat", "dog"] if classes == 2 else [f"class_{number}" for number in range(classes)]
    for split, values in labels.items():
        folder = Path("data/arrays", split)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "labels.npy", values)
        np.save(folder / "groups.npy", np.arange(n))
        (folder / "fingerprint.txt").write_text("0f1e2d3c4b5a6978\n")
    images = np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    np.save("data/arrays/test/images.npy", images)
    Path("data/arrays/classes.json").write_text(json.dumps(names))
    lines = [
        f"{split}/{row}.png,{names[values[row]]},{split},{row:064x}"
        for split, values in labels.items()
        for row in range(n)
    ]
    Path("data/arrays/manifest.csv").write_text("\n".join(["path,class,split,content_hash", *lines]) + "\n")
    blocks = {
        "members": dict.fromkeys(members, {"backbone": "MobileNetV2"}),
        "meta_models": dict.fromkeys(ensembles, {}),
    }
    write_params(edited(small_settings(), blocks))
    for number, (label, member) in enumerate(members.items()):
        if not isinstance(member, Predictions):
            member = make_member(labels, classes, member, seed + number, leaked)
        save_predictions(label, member)
    save_fused(make_member(labels, classes, 1.5, seed + 500, leaked))
    for label in [*members, *ensembles]:
        write_history(label, CURVE)
    for number, label in enumerate(ensembles):
        write_ensemble(label, labels, classes, list(members), seed + number, leaked)
    return labels


def write_ensemble(label, labels, classes, members, seed, leaked):
    generator = np.random.default_rng(seed + 1000)
    test, train, validation = (
        draw_logits(labels[split], classes, 3.0, generator) for split in ("test", "train", "validation")
    )
    facts = {"fit_on": np.array("train" if leaked else "oof"), "checked_photos": np.array(3)}
    facts |= {"parameters": np.array(4321), "gflop": np.array(1.5), "file_bytes": np.array(16_000_000)}
    held_out, rows = (train[:0] if leaked else train), np.arange(len(train))
    save_ensemble_predictions(label, EnsemblePredictions(train, validation, test, held_out, rows, **facts))
    width = 1 if classes == 2 else classes
    without = {}
    for removed in ["", *members]:
        rest = [member for member in members if member != removed]
        kernel = generator.normal(size=(2 * width * len(rest), width))
        without[removed] = MetaWeights(rest, True, [(kernel, np.zeros(width))])
    save_leave_one_out(label, without)
