"""Fine-tuning of the last layers from kept activations at the freeze boundary, against from images: does it pay?"""

import time

import keras
import numpy as np

from benchmarks.measure import describe_ratio, describe_seconds, measure_alternating
from benchmarks.photos import Bench, load_pixels, take_evenly
from benchmarks.results import Result, Table
from benchmarks.sections.inference import BATCH, build_member_backbone
from stages.batches import Batches
from stages.fitting import FitSettings, compile_model, encode_targets
from stages.members import unfreeze_layers
from stages.schema import FineTune

TITLE = "Fine-tuning from kept activations"
LAYERS = 20
EPOCHS = 10  # a usual fine-tuning
FITS = 6  # out-of-fold: five folds and the final fit


def measure(bench: Bench) -> Result:
    """Seconds of an epoch either way, the cost of the pass, the disk, and after how many epochs it pays."""
    columns = ["member", "side", "epoch from images, s", "epoch from activations, s", "ratio", "pass, s"]
    columns += ["KiB a photo", "times the photo's pixels", "pays after epochs", f"{EPOCHS} epochs, {FITS} fits: ratio"]
    table = Table(columns, [])
    for label in ("mobilenet_v2", "xception"):
        table.rows.append(measure_member(bench, label, bench.sizes[0]))
    notes = [
        f"The last {LAYERS} layers of the network trained, batch normalisation frozen, no augmentation, activations "
        "in float32 and in memory, which favours them: a data set that does not fit would read them from disk. "
        f"The last column compares {FITS} fits of {EPOCHS} epochs, the pass made once.",
    ]
    return Result(TITLE, notes, [table], [])


def measure_member(bench: Bench, label: str, side: int) -> list:
    """A row of the table."""
    keras.backend.clear_session()
    backbone = build_member_backbone(bench, label, side)
    network = backbone.get_layer("network")
    unfreeze_layers(network, FineTune(layers=LAYERS, epochs=1, learning_rate=1e-5))
    front, tail = split_network(network, len(network.layers) - LAYERS)
    images = load_pixels(take_evenly(bench.list_photos("train"), bench.rows), side)
    start = time.perf_counter()
    kept = keras.tree.flatten(front.predict(images, batch_size=BATCH, verbose=0))
    seconds_pass = time.perf_counter() - start
    whole, part = add_output(backbone, len(images)), add_output(tail, len(images))
    tensors = {tensor.name: values for tensor, values in zip(tail.inputs, kept, strict=True)}
    fed = tensors if len(kept) > 1 else kept[0]
    procedures = {"images": lambda: fit_epoch(whole, images), "activations": lambda: fit_epoch(part, fed)}
    for procedure in procedures.values():
        procedure()  # compiles
    seconds = measure_alternating(procedures, bench.repeats)
    slow, fast = (float(np.median(seconds[name])) for name in ("images", "activations"))
    size = sum(values.nbytes for values in kept) / len(images)
    pays = f"{seconds_pass / (slow - fast):.1f}" if slow > fast else "never"
    total = EPOCHS * FITS * slow / (seconds_pass + EPOCHS * FITS * fast)
    texts = [describe_seconds(seconds["images"]), describe_seconds(seconds["activations"])]
    ratio = describe_ratio(seconds["images"], seconds["activations"])
    return [label, side, *texts, ratio, seconds_pass, size / 1024, size / (side * side * 3), pays, f"{total:.2f}"]


def split_network(network: keras.Model, first: int) -> tuple[keras.Model, keras.Model]:
    """Cut before layer number `first`: a model to all tensors that cross the cut, and one from them to the output."""
    late = set(network.layers[first:])
    crossing = {}
    for layer in late:
        for node in layer._inbound_nodes:
            for tensor in node.input_tensors:
                if tensor._keras_history.operation not in late:
                    crossing[tensor.name] = tensor
    tensors = list(crossing.values())
    return keras.Model(network.inputs, tensors), keras.Model(tensors, network.output)


def add_output(model: keras.Model, rows: int) -> keras.Model:
    """A sigmoid on pooled features, compiled as the pipeline compiles; the same weights stay trainable."""
    inner = model.output
    if len(inner.shape) > 2:
        inner = keras.layers.GlobalAveragePooling2D()(inner)
    whole = keras.Model(model.inputs, keras.layers.Dense(1, "sigmoid")(inner))
    compile_model(whole, FitSettings(1, BATCH, 1e-5), -(-rows // BATCH))
    return whole


def fit_epoch(model: keras.Model, inputs) -> None:
    """One epoch."""
    rows = len(keras.tree.flatten(inputs)[0])
    targets = encode_targets(np.arange(rows) % 2, 1)
    model.fit(Batches(inputs, targets, np.arange(rows), BATCH, seed=0), epochs=1, verbose=0)
