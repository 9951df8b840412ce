"""Do XLA and bfloat16 help training? Epochs of the wholly trained members in every setting."""

import time

import keras
import numpy as np

from benchmarks.measure import describe_ratio, describe_seconds
from benchmarks.photos import MEMBERS, Bench, load_pixels, take_evenly
from benchmarks.results import Result, Table
from stacker.artifacts.errors import PipelineError
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, compile_model
from stacker.training.precision import graph_precision

TITLE = "XLA and bfloat16 in training"
BATCH = 32
VARIANTS = {
    "float32": FitSettings(1, BATCH, 1e-4),
    "auto_bfloat16": FitSettings(1, BATCH, 1e-4, precision="auto_bfloat16"),
    "mixed_bfloat16": FitSettings(1, BATCH, 1e-4, precision="mixed_bfloat16"),
    "float32, XLA": FitSettings(1, BATCH, 1e-4, jit_compile=True),
}
SMALLEST = "mobilenet_v2"
SLOW = ("float32, XLA", "mixed_bfloat16")  # shown for the smallest member alone, and with real photos


def measure(bench: Bench) -> Result:
    """Seconds of an epoch for every variant; the first epoch, with its compilation, apart."""
    side = bench.sizes[0]
    images = load_pixels(take_evenly(bench.list_photos("train"), max(4 * BATCH, bench.rows)), side)
    table = Table(["member", "training", "first epoch, s", "an epoch, s", "times as fast as float32", "helps"], [])
    refused = {name: reason for name, settings in VARIANTS.items() if (reason := explain_refusal(settings))}
    for label in MEMBERS if bench.is_full else (SMALLEST,):
        is_shown = label == SMALLEST and bench.is_full
        names = [name for name in VARIANTS if name not in refused and (is_shown or name not in SLOW)]
        keras.backend.clear_session()
        models = {name: build(label, side, VARIANTS[name], len(images) // BATCH) for name in names}
        first = {name: time_epoch(models[name], images, VARIANTS[name]) for name in names}
        seconds: dict[str, list[float]] = {name: [] for name in names}
        for number in range(bench.repeats):
            for name in names[:: -1 if number % 2 else 1]:
                seconds[name].append(time_epoch(models[name], images, VARIANTS[name]))
        for name, values in seconds.items():
            ratio = describe_ratio(seconds["float32"], values)
            helps = "" if name == "float32" else "yes" if float(ratio.split()[0]) > 1.05 else "no"
            table.rows.append([label, name, first[name], describe_seconds(values), ratio, helps])
    notes = [
        f"{side} px, all weights trained, {len(images)} photos, batch {BATCH}. `auto_bfloat16` is TensorFlow's "
        "own choice of what runs in bfloat16, `mixed_bfloat16` Keras' policy.",
        *refused.values(),
    ]
    return Result(TITLE, notes, [table], [])


def explain_refusal(settings: FitSettings) -> str:
    """Why this machine does not train so; nothing where it does."""
    try:
        with graph_precision(settings.precision):
            return ""
    except PipelineError as error:
        return str(error)


def build(label: str, side: int, settings: FitSettings, steps: int) -> keras.Model:
    """A wholly trainable member with one sigmoid, compiled as the pipeline compiles."""
    keras.config.set_dtype_policy(settings.precision if settings.precision.startswith("mixed") else "float32")
    architecture = getattr(keras.applications, MEMBERS[label])
    base = architecture(include_top=False, weights=None, input_shape=(side, side, 3), pooling="avg")
    output = keras.layers.Dense(1, "sigmoid", dtype="float32")(base.output)
    keras.config.set_dtype_policy("float32")
    model = keras.Model(base.input, output)
    compile_model(model, settings, steps)
    return model


def time_epoch(model: keras.Model, images: np.ndarray, settings: FitSettings) -> float:
    """Seconds of one epoch."""
    targets = encode_targets(np.arange(len(images)) % 2, 1)
    start = time.perf_counter()
    with graph_precision(settings.precision):
        model.fit(Batches(images, targets, np.arange(len(images)), BATCH, seed=0), epochs=1, verbose=0)
    return time.perf_counter() - start
