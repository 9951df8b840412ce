"""Bounds on the memory that a saved network takes: what it asks for must be in proportion to its file."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras

from stacker.artifacts.hdf5_check import Refused

MOST_VALUES = 2**28  # of one layer for one photo: VGG's first gives as many for the largest image, 2,048 px


@contextmanager
def bounded_weights(most: int) -> Iterator[None]:
    """While the block lasts, no network with more weights than this is built, and kernels begin as zeros.

    A layer of 10^9 units is a few characters in a file. Keras fills the weights before it sees that the file has none
    for them, so they are counted where each layer asks for them. It would fill them with random numbers, which the
    file's then replace: a tenth or more of the time that loading takes. What is no kernel begins as the layer says: a
    Normalization that is part of another network goes on with the variance that it began with, 1.

    Args:
        most: how many numbers its file holds.

    Raises:
        Refused: there are more; memory for those that are too many was not taken.
    """
    add_weight, asked = keras.Layer.add_weight, 0

    def count_and_add(layer: Any, shape: Any = None, **options: Any) -> Any:
        nonlocal asked
        asked += math.prod(shape or ())
        if asked > most:
            raise Refused(f"its network has more weights than the {most:,} numbers in it, first in {layer.name!r}")
        if len(shape or ()) > 1:
            options["initializer"] = "zeros"
        return add_weight(layer, shape=shape, **options)

    keras.Layer.add_weight = count_and_add
    try:
        yield
    finally:
        keras.Layer.add_weight = add_weight


def check_outputs(model: keras.Model) -> None:
    """See that no layer gives more than memory can hold, such as one that pads an image by 10^9 pixels.

    Raises:
        Refused: one does, or how much it gives depends on the image.
    """
    for layer in model.layers:
        for node in layer._inbound_nodes:  # public is the output of the first call alone
            for tensor in node.output_tensors:
                _check_shape(layer.name, tensor.shape)
            if isinstance(layer, keras.layers.MultiHeadAttention):
                queries, keys = node.input_tensors[0].shape, node.input_tensors[1].shape
                _check_shape(layer.name, (None, layer.num_heads, *queries[1:-1], *keys[1:-1]))  # how each looks at each
        if isinstance(layer, keras.Model):
            check_outputs(layer)


def _check_shape(layer: str, shape: tuple[int | None, ...]) -> None:
    sides = shape[1:]  # the first is the number of photos
    if None in sides:
        raise Refused(f"what its layer {layer!r} gives has no fixed shape, {shape}")
    if math.prod(side for side in sides if side is not None) > MOST_VALUES:
        raise Refused(f"its layer {layer!r} gives {shape} for a photo, more than {MOST_VALUES:,} numbers")
