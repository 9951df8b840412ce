"""Cut a network where its frozen part ends, and keep what that part gives, so that fine-tuning never repeats it."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference

DATA = Path("data")

# Early in a network activations are large, and what made them was cheap: keeping them fills the disk for little. At
# 1.1 MiB a photo, a middle layer of Xception, it still paid (benchmarks/RESULTS.md).
LARGEST_MIB = 4.0  # a photo
LARGEST_SHARE = 0.5  # of the free disk


class Halves(NamedTuple):
    """A member, cut in two; both halves share its layers and weights.

    Attributes:
        front: from images, as the member takes them, to activations, (n, width), float32: all tensors that cross the
            cut, flattened, side by side.
        tail: from these activations to probabilities.
    """

    front: keras.Model
    tail: keras.Model


def split_member(member: keras.Model) -> Halves:
    """Cut a member before the first layer of its network that is trainable.

    Args:
        member: as `assemble_member` gives it, with `unfreeze_layers` applied.
    """
    network = member.get_layer("network")
    first = next(number for number, layer in enumerate(network.layers) if layer.trainable_weights)
    crossing = find_crossing_tensors(network, first)
    flat = [keras.layers.Reshape((-1,), dtype="float32")(tensor) for tensor in crossing]
    joined = keras.layers.Concatenate(dtype="float32")(flat) if flat[1:] else flat[0]
    front_network = keras.Model(network.inputs, joined, name="front")
    front = front_network(member.get_layer("scale_pixels").output)
    tail_network = keras.Model(crossing, network.output)
    widths = [tensor.shape[1] for tensor in flat]
    activations = keras.Input((sum(widths),), name=member.name)
    parts = keras.ops.split(activations, np.cumsum(widths)[:-1].tolist(), axis=1) if widths[1:] else [activations]
    shaped = [keras.ops.reshape(part, (-1, *tensor.shape[1:])) for part, tensor in zip(parts, crossing, strict=True)]
    probabilities = member.get_layer("head")(member.get_layer("pool")(tail_network(shaped)))
    return Halves(
        keras.Model(member.input, front, name=f"{member.name}_front"),
        keras.Model(activations, probabilities, name=f"{member.name}_tail"),
    )


def find_crossing_tensors(network: keras.Model, first: int) -> list[keras.KerasTensor]:
    """The tensors that layers from number `first` onwards take from layers before it."""
    late = network.layers[first:]
    made_late = {id(tensor) for layer in late for tensor in keras.tree.flatten(layer.output)}
    taken = {id(tensor): tensor for layer in late for tensor in keras.tree.flatten(layer.input)}
    return [tensor for key, tensor in taken.items() if key not in made_late]


def explain_images(front: keras.Model, rows: int) -> str | None:
    """Why fine-tuning should read the images rather than kept activations of `rows` photos; None if it should not."""
    if not any(hasattr(layer, "kernel") for layer in front.get_layer("front").layers):
        return "nothing is computed before the first trained layer"
    width = front.output_shape[1]
    mib = width * 4 / 2**20
    if mib > LARGEST_MIB:
        return f"activations at the first trained layer take {mib:.1f} MiB a photo, more than {LARGEST_MIB:.0f}"
    free = shutil.disk_usage(DATA).free / 2**20
    if mib * rows > LARGEST_SHARE * free:
        return f"activations take {mib * rows:.0f} MiB, more than half of the {free:.0f} MiB that the disk has left"
    return None


def keep_activations(
    front: keras.Model, images: Mapping[str, np.ndarray], inference: Inference
) -> dict[str, np.ndarray]:
    """Pass every image through the frozen part once.

    Args:
        front: from images to activations.
        images: by split, uint8, (n, side, side, 3), RGB, 0-255.
        inference: engine and precision of the pass.

    Returns:
        By split float32, (n, width), in files below `data/` that have no name and go with the process.
    """
    (name,) = (tensor.name for tensor in front.inputs)
    predictor = compile_predictor(front, inference, {name: np.dtype(np.uint8)})
    kept: dict[str, np.ndarray] = {}
    for split, values in images.items():
        with tempfile.TemporaryFile(dir=DATA) as file:
            kept[split] = np.memmap(file, np.float32, "w+", shape=(len(values), front.output_shape[1]))
        predictor.predict({name: values}, outputs=kept[split])
    return kept
