"""The meta-model fitted on saved predictions against the assembled model fed with images through every member."""

import time

import keras
import numpy as np

from benchmarks.photos import MEMBERS, Bench, load_pixels, take_evenly
from benchmarks.results import Result, Table
from benchmarks.sections.inference import build_member_backbone
from stacker.ensembles.meta_model import build_meta_model, join_members, take_logits
from stacker.settings.members import Head
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, fit_model
from stacker.training.heads import assemble_member, build_head
from stacker.training.probabilities import give_probabilities

TITLE = "Meta-model: saved predictions against the assembled model"
EPOCHS = 20
BATCH = 32


def measure(bench: Bench) -> Result:
    """Seconds of one and of twenty epochs, and the difference of the weights after one epoch."""
    table = Table(
        ["side", "photos", "assembled, 1 epoch, s", "predictions, 1 epoch, s", "predictions, 20 epochs, s", "ratio"], []
    )
    table.columns.append("largest weight difference")
    for side in bench.sizes[:1]:
        photos = take_evenly(bench.list_photos("train"), 4 * bench.rows)
        images = load_pixels(photos, side)
        targets = encode_targets(np.array([number % 2 for number in range(len(images))]), 1)
        members = build_members(bench, side)
        saved = {label: take_logits(member).predict(images, verbose=0) for label, member in members.items()}
        whole = build_meta_model(dict.fromkeys(members, 1), False, [10], 2, seed=0)
        ensemble = join_members("ensemble", members, whole)
        assembled = fit(ensemble, dict.fromkeys(members, images), targets, 1)
        fast = build_meta_model(dict.fromkeys(members, 1), False, [10], 2, seed=0)
        one = fit(fast, saved, targets, 1)
        pairs = zip(whole.get_weights(), fast.get_weights(), strict=True)
        difference = max(float(np.abs(first - second).max()) for first, second in pairs)
        many = fit(fast, saved, targets, EPOCHS)
        ratio = f"{assembled * EPOCHS / many:.0f}"
        table.rows.append([side, len(images), assembled, one, many, ratio, f"{difference:.1e}"])
    notes = [
        f"The same seed and the same batches. The ratio is of {EPOCHS} epochs: the assembled model's single epoch "
        f"times {EPOCHS}, for each costs the same, over the {EPOCHS} epochs that the pipeline fits.",
        "`tests/ensembles/test_meta_model_equality.py` holds the equality.",
    ]
    return Result(TITLE, notes, [table], [])


def build_members(bench: Bench, side: int) -> dict[str, keras.Model]:
    """The three members, frozen, with heads that are not trained."""
    members = {}
    for label in MEMBERS:
        backbone = build_member_backbone(bench, label, side)
        head = build_head(Head(), np.empty((0, backbone.output_shape[1]), np.float32), 2, seed=0)
        members[label] = give_probabilities(assemble_member(label, backbone, head))
    return members


def fit(model: keras.Model, inputs: dict[str, np.ndarray], targets: np.ndarray, epochs: int) -> float:
    """Seconds of a fit, by the pipeline's own functions."""
    few = {label: values[:1] for label, values in inputs.items()}
    batches = Batches(inputs, targets, np.arange(len(targets)), BATCH, seed=0)
    start = time.perf_counter()
    fit_model(model, batches, Batches(few, targets, np.array([0]), 1), FitSettings(epochs, BATCH, 0.001), "meta_model")
    return time.perf_counter() - start
