"""Cut a network where its frozen part ends."""

from typing import NamedTuple

import keras
import numpy as np


class Halves(NamedTuple):
    """A member, cut in two; both halves share its layers and weights.

    Attributes:
        front: from images, as the member takes them, to activations, (n, width), float32: all tensors that cross the
            cut, flattened, side by side.
        tail: from these activations to logits.
    """

    front: keras.Model
    tail: keras.Model


class Cut(NamedTuple):
    """Where a network is cut.

    Attributes:
        tensors: those that layers from the first trained one onwards take from layers before it.
        widths: of each of them, flattened.
        is_computed: does a layer with a kernel come before the cut? Else nothing worth keeping was computed.
    """

    tensors: list[keras.KerasTensor]
    widths: list[int]
    is_computed: bool

    @property
    def mib(self) -> float:
        """What the activations of one photo take."""
        return sum(self.widths) * np.dtype(np.float32).itemsize / 2**20


def find_cut(network: keras.Model) -> Cut:
    """The cut before the first layer of `network` that is trained.

    Args:
        network: with `unfreeze_layers` applied.
    """
    first = count_frozen(network)
    early, late = network.layers[:first], network.layers[first:]
    made_late = {id(tensor) for layer in late for tensor in keras.tree.flatten(layer.output)}
    taken = {id(tensor): tensor for layer in late for tensor in keras.tree.flatten(layer.input)}
    tensors = [tensor for key, tensor in taken.items() if key not in made_late]
    widths = [int(np.prod(tensor.shape[1:])) for tensor in tensors]
    return Cut(tensors, widths, any(hasattr(layer, "kernel") for layer in early))


def count_frozen(network: keras.Model) -> int:
    """How many layers of `network` come before the first one that is trained; all of them where none is."""
    numbers = (number for number, layer in enumerate(network.layers) if layer.trainable_weights)
    return next(numbers, len(network.layers))


def split_member(member: keras.Model) -> Halves:
    """Cut a member before the first layer of its network that is trained.

    Args:
        member: as `assemble_member` gives it, with `unfreeze_layers` applied.
    """
    network = member.get_layer("network")
    cut = find_cut(network)
    flat = [keras.layers.Reshape((-1,), dtype="float32")(tensor) for tensor in cut.tensors]
    joined = keras.layers.Concatenate(dtype="float32")(flat) if flat[1:] else flat[0]
    front_network = keras.Model(network.inputs, joined, name="front")
    front = front_network(member.get_layer("scale_pixels").output)
    tail_network = keras.Model(cut.tensors, network.output)
    activations = keras.Input((sum(cut.widths),), name=member.name)
    logits = member.get_layer("head")(member.get_layer("pool")(tail_network(_restore(activations, cut))))
    return Halves(
        keras.Model(member.input, front, name=f"{member.name}_front"),
        keras.Model(activations, logits, name=f"{member.name}_tail"),
    )


def _restore(activations: keras.KerasTensor, cut: Cut) -> list[keras.KerasTensor]:
    """The tensors that cross the cut, from activations that hold them flattened, side by side."""
    ends = np.cumsum(cut.widths)[:-1].tolist()
    parts = keras.ops.split(activations, ends, axis=1) if ends else [activations]
    return [keras.ops.reshape(part, (-1, *tensor.shape[1:])) for part, tensor in zip(parts, cut.tensors, strict=True)]
