"""Vision transformers beside CNNs: photos a second through the frozen network, and its memory."""

import statistics
import time

import keras
import numpy as np

from benchmarks.measure import ChildRun, describe_ratio, run_child
from benchmarks.photos import Bench
from benchmarks.results import Result, Table
from stacker.backbones.building import build_backbone
from stacker.backbones.costs import compute_cost
from stacker.inference.predictors import compile_predictor
from stacker.settings.backbone import Backbone
from stacker.settings.inference import Inference
from stacker.settings.vision_transformers import VISION_TRANSFORMERS

TITLE = "Vision transformers beside CNNs"
SIDES = {  # of photos, pixels: each network's usual one, and a small one of whole patches
    "Xception": (299, 96),
    "EfficientNetV2S": (384, 96),
    "DeiTSmall16": (224, 96),
    "DINOv2Small14": (224, 98),
    "DINOv2RegistersSmall14": (224, 98),
    "SigLIPBase16": (224, 96),
}
PHOTOS = 48  # a pass; the first 16 once before, uncounted


def measure(bench: Bench) -> Result:
    """Every network at its side, in rounds."""
    sides = {name: full if bench.is_full else small for name, (full, small) in SIDES.items()}
    runs: dict[str, list[ChildRun]] = {name: [] for name in SIDES}
    for _ in range(bench.repeats):
        for name, side in sides.items():
            runs[name].append(run_child("benchmarks.sections.transformers:pass_photos", name, str(side)))
    rates = {name: [PHOTOS / run.value["seconds"] for run in found] for name, found in runs.items()}
    table = Table(["network", "side", "GFLOP", "photos a second", "times Xception", "times Keras", "peak MiB"], [])
    for name, found in runs.items():
        keras_rates = [PHOTOS / run.value["keras_seconds"] for run in found]
        table.rows.append(
            [
                name,
                sides[name],
                found[0].value["gflop"],
                statistics.median(rates[name]),
                describe_ratio(rates[name], rates["Xception"]),
                describe_ratio(rates[name], keras_rates),
                max(run.peak_mib for run in found),
            ]
        )
    notes = [
        f"{PHOTOS} drawn photos a pass, float32, random weights, a process each; the engine that `auto` takes here, "
        "and Keras' `predict` for the column beside. Peak memory is of both.",
    ]
    return Result(TITLE, notes, [table], [])


def pass_photos(name: str, side: str) -> dict[str, float]:
    """Seconds of one pass through the engine and through Keras, and the operations of one photo."""
    keras.utils.set_random_seed(0)
    settings = Backbone(name=name, weights=None, pooling="token" if name in VISION_TRANSFORMERS else "avg")
    backbone = build_backbone("photos", settings, int(side))
    images = np.random.default_rng(0).integers(0, 256, (PHOTOS, int(side), int(side), 3), np.uint8)
    predictor = compile_predictor(backbone, Inference(), {"photos": images.dtype})
    predictor.predict({"photos": images[:16]})
    started = time.perf_counter()
    predictor.predict({"photos": images})
    seconds = time.perf_counter() - started
    backbone.predict(images[:16], verbose=0)
    started = time.perf_counter()
    backbone.predict(images, verbose=0)
    return {"seconds": seconds, "keras_seconds": time.perf_counter() - started, "gflop": compute_cost(backbone).gflop}
