"""What stands in for the two things that would take most of a walk's time, and hangs on the same things as they do:
networks of a few hundred weights for Keras' architectures, and pictures of a few dots for matplotlib's.
"""

import hashlib
from collections.abc import Callable
from typing import Any, BinaryIO

import keras
import numpy as np
from matplotlib.figure import Figure
from PIL import Image


def stand_in() -> None:
    """Put a tiny network in the place of each architecture of `keras.applications`, and a digest for each picture."""
    for name in dir(keras.applications):
        if name[0].isupper():
            setattr(keras.applications, name, make_architecture(name))
    Figure.savefig = save_digest


def make_architecture(name: str) -> Callable[..., keras.Model]:
    """A function that is called as Keras' own, and gives a network that hangs on the architecture's name."""
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)

    def build(include_top: bool, weights: None, input_shape: tuple[int, int, int]) -> keras.Model:
        assert weights is None
        assert not include_top
        inner = images = keras.Input(input_shape)
        for layer in range(1 + number % 2):
            inner = keras.layers.Conv2D(4 + number // 2 % 5, 5, strides=3, name=f"conv_{layer}")(inner)
            inner = keras.layers.BatchNormalization(name=f"norm_{layer}")(inner)
            inner = keras.layers.Activation("relu", name=f"relu_{layer}")(inner)
        return keras.Model(images, inner, name=name.lower())

    return build


def save_digest(figure: Figure, path: BinaryIO, dpi: float, **options: Any) -> None:
    """Save as a picture a hash of the resolution and of all texts, lines and images of a figure, not laid out."""
    digest = hashlib.sha256(f"{dpi} {figure.get_size_inches()}".encode())
    for artist in figure.findobj():
        for name in ("get_text", "get_color", "get_xydata", "get_array"):
            value = getattr(artist, name, lambda: None)()
            digest.update(np.asarray(value).tobytes() if isinstance(value, np.ndarray) else repr(value).encode())
    pixels = np.frombuffer(digest.digest() * 3, np.uint8).reshape(4, 8, 3)
    Image.fromarray(pixels).save(path, format="PNG")
