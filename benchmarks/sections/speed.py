"""Milliseconds a photo of each member and of the ensemble, many photos at a time and one by one."""

import statistics
from functools import partial

import keras
import numpy as np

from benchmarks.measure import describe_ratio, measure_alternating
from benchmarks.photos import MEMBERS, Bench, load_pixels, take_evenly
from benchmarks.results import Result, Table
from stacker.backbones.building import build_backbone
from stacker.backbones.costs import compute_cost
from stacker.ensembles.meta_model import assemble_ensemble, build_meta_model
from stacker.inference.predictors import Predictor, compile_predictor
from stacker.settings.backbone import Backbone
from stacker.settings.inference import Inference
from stacker.training.probabilities import give_probabilities

TITLE = "Milliseconds a photo"
BATCHES = {32: "32 at a time", 1: "one by one"}
INPUT = "photos"


def measure(bench: Bench) -> Result:
    """Every model at every image side, in the order of the members' operations."""
    columns = ["model", "side", "parameters", "GFLOP"]
    columns += [name for batch in BATCHES.values() for name in (f"ms, {batch}", "times the smallest")]
    table = Table(columns, [])
    engine = ""
    for side in bench.sizes:
        images = load_pixels(take_evenly(bench.list_photos("validation"), bench.rows), side)
        models = build_models(side)
        costs = {label: compute_cost(model) for label, model in models.items()}
        smallest = min(costs, key=lambda label: costs[label].gflop)
        cells: dict[str, list[str | float]] = {label: [] for label in models}
        for batch in BATCHES:
            predictors = {label: compile_model(model, batch) for label, model in models.items()}
            engine = predictors[smallest].engine
            some = images if batch > 1 else images[: len(images) // 4]
            seconds = time_predictors(predictors, some, bench.repeats)
            for label, values in seconds.items():
                cells[label].append(1000 * statistics.median(values) / len(some))
                cells[label].append(describe_ratio(values, seconds[smallest]))
        for label, (parameters, gflop) in costs.items():
            table.rows.append([label, side, parameters, gflop, *cells[label]])
    notes = [
        f"{bench.rows} prepared photos at most, a quarter of them one by one, pixels to probabilities, {engine} in "
        "float32: the engine that `inference.engine: auto` takes here. The ensemble takes each photo once, for all its "
        "members. GFLOP: billions of operations, two for a multiply-add. Random weights, which take as long as any.",
    ]
    return Result(TITLE, notes, [table], [])


def build_models(side: int) -> dict[str, keras.Model]:
    """The members and their ensemble, each of one image: uint8, (n, side, side, 3), RGB, 0-255."""
    keras.backend.clear_session()
    members = {}
    for label, architecture in MEMBERS.items():
        backbone = build_backbone(label, Backbone(name=architecture, weights=None), side)
        logits = keras.layers.Dense(1, name="logits")(backbone.output)
        members[label] = give_probabilities(keras.Model(backbone.input, logits, name=label))
    meta_model = build_meta_model(dict.fromkeys(members, 1), True, [], 2, seed=0)
    ensemble = assemble_ensemble("ensemble", members, meta_model)
    return {label: take_one_image(model, side) for label, model in {**members, "ensemble": ensemble}.items()}


def take_one_image(model: keras.Model, side: int) -> keras.Model:
    """The same image for every input."""
    images = keras.Input((side, side, 3), name=INPUT)
    outputs = model([images] * len(model.inputs) if len(model.inputs) > 1 else images)
    return keras.Model(images, outputs, name=model.name)


def compile_model(model: keras.Model, batch: int) -> Predictor:
    """A model made ready for so many photos at a time."""
    return compile_predictor(model, Inference(batch_size=batch), {INPUT: np.dtype(np.uint8)})


def time_predictors(predictors: dict[str, Predictor], images: np.ndarray, repeats: int) -> dict[str, list[float]]:
    """Seconds of every model on the same images, after a first batch that is not counted."""
    for predictor in predictors.values():
        predictor.predict({INPUT: images[: predictor.batch_size]})
    procedures = {label: partial(predictor.predict, {INPUT: images}) for label, predictor in predictors.items()}
    return measure_alternating(procedures, repeats)
