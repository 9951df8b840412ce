"""The forward pass: Keras `predict` against OpenVINO in float32 and bfloat16, and the share of the machine's peak."""

import statistics
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import keras
import numpy as np

from benchmarks.machine import has_amx, measure_peak
from benchmarks.measure import describe_ratio, measure_alternating
from benchmarks.photos import MEMBERS, Bench, load_pixels, take_evenly
from benchmarks.results import Chart, Result, Table
from stacker.backbones.building import build_backbone
from stacker.backbones.costs import compute_cost
from stacker.inference.predictors import Predictor, compile_predictor
from stacker.settings.backbone import Backbone
from stacker.settings.inference import Inference
from stacker.settings.members import Head
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, fit_model
from stacker.training.heads import build_head
from stacker.training.probabilities import give_probabilities

TITLE = "Inference engine"
BATCH = 32


class Photos(NamedTuple):
    """Pixels and labels: to fit heads on, and to compare predictions on."""

    train: np.ndarray
    train_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray


def measure(bench: Bench) -> Result:
    """Ratios, shares of the peak, and differences of predictions, by member and image size."""
    precisions = ["float32", "bfloat16"] if has_amx() else ["float32"]
    peaks = {precision: measure_peak(precision) for precision in precisions}
    speed = Table(["member", "side", "GFLOP", "engine", "images per s", "ratio to Keras", "GFLOP/s", "of peak"], [])
    equal = Table(["member", "side", "engine", "largest difference", "share within bar", "accuracy", "Keras"], [])
    bars: dict[str, tuple[list[str], list[float]]] = {name: ([], []) for name in ("keras", *precisions)}
    for side in bench.sizes:
        photos = load_photos(bench, side)
        for label in MEMBERS:
            keras.backend.clear_session()
            model = build_member_backbone(bench, label, side)
            predictors = {
                p: compile_predictor(model, choose("openvino", p), {label: np.dtype(np.uint8)}) for p in precisions
            }
            seconds = time_engines(model, predictors, label, photos.test[: bench.rows], bench.repeats)
            flops = 1e9 * compute_cost(model).gflop
            for name, values in seconds.items():
                rate = len(photos.test[: bench.rows]) / statistics.median(values)
                ratio = describe_ratio(seconds["keras"], values)
                share = f"{flops * rate / peaks[name if name in peaks else 'float32']:.0%}"
                speed.rows.append([label, side, flops / 1e9, name, rate, ratio, flops * rate / 1e9, share])
                bars[name][0].append(f"{label} {side}")
                bars[name][1].append(statistics.median(seconds["keras"]) / statistics.median(values))
            equal.rows.extend(compare_predictions(label, side, model, predictors, photos))
    note = ", ".join(f"{peak / 1e9:.0f} GFLOP/s in {precision}" for precision, peak in peaks.items())
    notes = [
        f"{min(bench.rows, len(bench.list_photos('validation')))} photos, batch {BATCH}. Peak measured, 4096 x 4096 "
        f"matrix product: {note}. Keras runs in float32. GFLOP: convolutions and dense layers of one forward pass.",
        "Differences are of the probabilities of one head, fitted on Keras' features, on features of either engine, "
        "over all validation photos; the bar is 1e-4 for float32 and 0.02 for bfloat16, for 99 % of the photos.",
    ]
    chart = Chart("Forward pass, times as fast as Keras predict", "", "ratio", bars, is_bars=True)
    return Result(TITLE, notes, [speed, equal], [chart])


def load_photos(bench: Bench, side: int) -> Photos:
    """200 photos for the head, all validation photos for the comparison."""
    train, test = take_evenly(bench.list_photos("train"), 200), take_evenly(bench.list_photos("validation"), 1000)
    classes = sorted({path.parent.name for path in train})
    labels = [np.array([classes.index(path.parent.name) for path in paths]) for paths in (train, test)]
    return Photos(load_pixels(train, side), labels[0], load_pixels(test, side), labels[1])


def build_member_backbone(bench: Bench, label: str, side: int) -> keras.Model:
    """A frozen member's backbone, as `embed` builds it."""
    return build_backbone(label, Backbone(name=MEMBERS[label], weights=bench.find_weights(label)), side)


def choose(engine: str, precision: str) -> Inference:
    return Inference.model_validate({"engine": engine, "precision": precision, "batch_size": BATCH})


def time_engines(
    model: keras.Model, predictors: dict[str, Predictor], label: str, images: np.ndarray, repeats: int
) -> dict[str, list[float]]:
    """Seconds of every engine on the same images, after a first batch that is not counted."""
    procedures: dict[str, Callable[[], Any]] = {"keras": lambda: model.predict(images, batch_size=BATCH, verbose=0)}
    procedures |= {name: partial(predictor.predict, {label: images}) for name, predictor in predictors.items()}
    model.predict(images[:BATCH], batch_size=BATCH, verbose=0)
    for predictor in predictors.values():
        predictor.predict({label: images[:BATCH]})
    return measure_alternating(procedures, repeats)


def compare_predictions(
    label: str, side: int, model: keras.Model, predictors: dict[str, Predictor], photos: Photos
) -> list[list[Any]]:
    """Probabilities of the same head on the features of every engine."""
    features = model.predict(photos.train, batch_size=BATCH, verbose=0)
    head = build_head(Head(), features, 2, seed=0)
    targets = encode_targets(photos.train_labels, 1)
    batches = Batches(features, targets, np.arange(len(features)), BATCH, seed=0)
    fit_model(head, batches, batches, FitSettings(30, BATCH, 0.001), "head")
    head = give_probabilities(head)
    expected = head.predict(model.predict(photos.test, batch_size=BATCH, verbose=0), verbose=0)
    rows = []
    for name, predictor in predictors.items():
        received = head.predict(predictor.predict({label: photos.test}), verbose=0)
        difference = np.abs(received - expected)
        bar = 1e-4 if name == "float32" else 0.02
        scores = [float(np.mean((values[:, 0] > 0.5) == photos.test_labels)) for values in (received, expected)]
        rows.append([label, side, name, f"{difference.max():.1e}", f"{np.mean(difference <= bar):.1%}", *scores])
    return rows
