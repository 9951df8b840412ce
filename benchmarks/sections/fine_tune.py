"""Fine-tuning of the last layers from activations kept where the frozen part ends, against from images: does it pay?"""

import contextlib
import io
import time
from typing import Any

import keras
import numpy as np

from benchmarks.measure import describe_ratio, describe_seconds
from benchmarks.photos import MEMBERS, Bench, load_pixels, take_evenly
from benchmarks.results import Result, Table
from benchmarks.sections.inference import BATCH, choose
from stacker.backbones.building import build_backbone
from stacker.settings.backbone import Backbone
from stacker.settings.members import Head, Member
from stacker.settings.training import FineTune, Training
from stacker.training.activation_trainer import ActivationTrainer
from stacker.training.activations import DATA
from stacker.training.choosing import choose_trainer
from stacker.training.member_data import MemberData
from stacker.training.trainer import Trainer

TITLE = "Fine-tuning from kept activations"
CUTS = {  # the first layer that is trained
    "mobilenet_v2": ("block_15_expand", "block_7_expand"),
    "inception_v3": ("mixed9", "mixed5"),
    "xception": ("block14_sepconv1", "block7_sepconv1"),
}
EPOCHS = 4
FITS = 6  # out-of-fold: five folds and the final fit


def measure(bench: Bench) -> Result:
    """Seconds of a fit either way, the cost of the pass and the disk, for a late and a middle cut of every member."""
    DATA.mkdir(exist_ok=True)  # where a stage keeps them
    columns = ["member", "side", "trained from", "KiB a photo", "pass, s", "fit from images, s"]
    columns += ["fit from activations, s", "ratio of fits", f"ratio of {FITS} fits and the pass"]
    table = Table(columns, [])
    images = load_pixels(take_evenly(bench.list_photos("train"), bench.rows), bench.sizes[0])
    cuts = [(label, number) for label, layers in CUTS.items() for number in range(len(layers))]
    table.rows.extend(
        measure_cut(bench, label, number, images) for label, number in (cuts if bench.is_full else cuts[:1])
    )
    notes = [
        f"{len(images)} photos, {EPOCHS} epochs a fit, batch normalisation frozen, no augmentation. A fit builds the "
        "member anew and compiles, as each fold does; the pass is made once for all of them. The stage keeps "
        "activations in unnamed files below `data/`, read through the memory map.",
    ]
    return Result(TITLE, notes, [table], [])


def measure_cut(bench: Bench, label: str, number: int, images: np.ndarray) -> list[Any]:
    """A row of the table."""
    trainers = {keeps: make_trainer(bench, label, number, images, keeps) for keeps in (False, True)}
    rows = np.arange(len(images))
    first = time_fit(trainers[True], rows)  # with the pass
    seconds: dict[bool, list[float]] = {False: [], True: []}
    for repeat in range(bench.repeats):
        for keeps in (False, True)[:: -1 if repeat % 2 else 1]:
            seconds[keeps].append(time_fit(trainers[keeps], rows))
    slow, fast = (float(np.median(seconds[keeps])) for keeps in (False, True))
    fitted = trainers[True]
    kept = fitted.activations if isinstance(fitted, ActivationTrainer) else {}
    size = kept["train"].shape[1] * 4 / 1024 if kept else 0.0
    texts = [describe_seconds(seconds[keeps]) for keeps in (False, True)]
    total = FITS * slow / (first + (FITS - 1) * fast)
    ratio = describe_ratio(seconds[False], seconds[True])
    return [label, images.shape[1], CUTS[label][number], size, max(0.0, first - fast), *texts, ratio, f"{total:.2f}"]


def make_trainer(bench: Bench, label: str, number: int, images: np.ndarray, keeps: bool) -> Trainer:
    """A member that fine-tunes from the given cut; its head's features are blank, as only time counts."""
    side = images.shape[1]
    keras.backend.clear_session()
    tuning = FineTune(layers=CUTS[label][number], epochs=EPOCHS, learning_rate=1e-5, keep_activations=keeps)
    training = Training(epochs=1, batch_size=BATCH, learning_rate=1e-4, patience=None, fine_tune=tuning)
    backbone = Backbone(name=MEMBERS[label], weights=bench.find_weights(label))
    member = Member(backbone=backbone, head=Head(), training=training)
    width = build_backbone(label, member.backbone, side).output_shape[1]
    parts = {"train": images, "validation": images[:BATCH]}
    data = MemberData(
        parts,
        {split: np.arange(len(values)) % 2 for split, values in parts.items()},
        {split: np.zeros((len(values), width), np.float32) for split, values in parts.items()},
        2,
    )
    return choose_trainer(label, member, data, choose("openvino", "float32"))


def time_fit(trainer: Trainer, rows: np.ndarray) -> float:
    """Seconds of one fit, both phases; the stage's own lines are not shown."""
    keras.backend.clear_session()
    start = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        trainer.fit(rows)
    return time.perf_counter() - start
