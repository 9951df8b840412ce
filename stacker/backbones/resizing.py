"""Bring images to a member's own size inside the saved model, in built-in layers."""

import keras
import numpy as np


def build_resizing(side: int, wanted: int) -> keras.Layer:
    """A layer called "resize" from (n, side, side, 3) to (n, wanted, wanted, 3).

    Growing is bilinear. Shrinking averages over the area of the new pixels, as the photos themselves are shrunk. Keras'
    `Resizing` leaves pixels out where it shrinks; its `antialias` smooths by another filter, and not on every backend.
    A mean along an axis is a matrix: a frozen Dense without bias, which plain Keras reloads from .h5 and every engine
    reads.
    """
    if wanted > side:
        return keras.layers.Resizing(wanted, wanted, name="resize")
    images = keras.Input((side, side, 3))
    inner = keras.layers.Permute((1, 3, 2), name="width_last")(images)
    inner = _build_average(side, wanted, "average_width")(inner)  # (n, side, 3, wanted)
    inner = keras.layers.Permute((3, 2, 1), name="height_last")(inner)
    inner = _build_average(side, wanted, "average_height")(inner)  # (n, wanted, 3, wanted): width, channels, height
    return keras.Model(images, keras.layers.Permute((3, 1, 2), name="channels_last")(inner), name="resize")


def compute_area_weights(pixels: int, wanted: int) -> np.ndarray:
    """What each of `pixels` gives to each of fewer, `wanted`: float32, (pixels, wanted), each column's sum is 1."""
    edges = np.arange(wanted + 1) * (pixels / wanted)
    starts = np.arange(pixels)[:, np.newaxis]
    shared = np.minimum(edges[1:], starts + 1) - np.maximum(edges[:-1], starts)
    weights: np.ndarray = (np.maximum(shared, 0) * (wanted / pixels)).astype(np.float32)
    return weights


def _build_average(pixels: int, wanted: int, name: str) -> keras.layers.Dense:
    average = keras.layers.Dense(wanted, use_bias=False, trainable=False, name=name, dtype="float32")
    average.build((None, None, None, pixels))
    average.set_weights([compute_area_weights(pixels, wanted)])
    return average
