"""Do XLA and bfloat16 help training? Epochs of a wholly trained MobileNetV2, plain, compiled, and mixed."""

import time

import keras
import numpy as np

from benchmarks.measure import describe_ratio, describe_seconds
from benchmarks.photos import Bench, load_pixels, take_evenly
from benchmarks.results import Result, Table
from stages.batches import Batches
from stages.fitting import FitSettings, compile_model, encode_targets

TITLE = "XLA and mixed bfloat16 in training"
SIDE = 96
BATCH = 32
VARIANTS = {"plain": ("float32", False), "XLA": ("float32", True), "mixed bfloat16": ("mixed_bfloat16", False)}


def measure(bench: Bench) -> Result:
    """Seconds of an epoch for every variant; the first epoch, with its compilation, apart."""
    images = load_pixels(take_evenly(bench.list_photos("train"), max(4 * BATCH, bench.rows)), SIDE)
    first: dict[str, float] = {}
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    models = {}
    for name, (policy, jit) in VARIANTS.items():
        models[name] = build(policy, jit, len(images) // BATCH)
        first[name] = time_epoch(models[name], images)
    for number in range(bench.repeats):
        for name in list(VARIANTS)[:: -1 if number % 2 else 1]:
            seconds[name].append(time_epoch(models[name], images))
    table = Table(["training", "first epoch, s", "an epoch, s", "times as fast as plain", "helps"], [])
    for name, values in seconds.items():
        ratio = describe_ratio(seconds["plain"], values)
        helps = "" if name == "plain" else "yes" if float(ratio.split()[0]) > 1.05 else "no"
        table.rows.append([name, first[name], describe_seconds(values), ratio, helps])
    notes = [f"MobileNetV2 at {SIDE} px, all weights trained, {len(images)} photos, batch {BATCH}."]
    return Result(TITLE, notes, [table], [])


def build(policy: str, jit_compile: bool, steps: int) -> keras.Model:
    """A wholly trainable MobileNetV2 with one sigmoid, compiled as the pipeline compiles."""
    keras.config.set_dtype_policy(policy)
    base = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(SIDE, SIDE, 3), pooling="avg")
    output = keras.layers.Dense(1, "sigmoid", dtype="float32")(base.output)
    keras.config.set_dtype_policy("float32")
    model = keras.Model(base.input, output)
    compile_model(model, FitSettings(1, BATCH, 1e-4, jit_compile=jit_compile), steps)
    return model


def time_epoch(model: keras.Model, images: np.ndarray) -> float:
    """Seconds of one epoch."""
    targets = encode_targets(np.arange(len(images)) % 2, 1)
    start = time.perf_counter()
    model.fit(Batches(images, targets, np.arange(len(images)), BATCH, seed=0), epochs=1, verbose=0)
    return time.perf_counter() - start
