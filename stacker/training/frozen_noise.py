"""Let what is random in the frozen part of a network rest while the network is trained.

Kept features and activations come from a frozen part that ran as in inference, without dropout. Training from the
images is to see the same, and `training=True` reaches every layer, `trainable` or not.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from stacker.training.cutting import count_frozen

# Where each kind of layer has its strength; at 0 the layer does nothing in training either.
STRENGTHS = ("rate", "stddev", "drop_path_rate")
NOISES = (
    keras.layers.Dropout,  # SpatialDropout is one
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
    keras.layers.GaussianNoise,
)


@contextmanager
def rest_dropout(network: keras.Model) -> Iterator[None]:
    """While this lasts, dropout and noise before the first trained layer of `network` are off, also in training.

    Keras reads the strength while it traces, so `network` is to be compiled within; afterwards the layers are as they
    were, and so is what is saved.

    Args:
        network: the architecture itself (the layer "network" of a backbone), its layers frozen as they will be trained.
    """
    noises = [layer for layer in network.layers[: count_frozen(network)] if is_noise(layer)]
    strengths = [(layer, name, getattr(layer, name)) for layer in noises for name in STRENGTHS if hasattr(layer, name)]
    try:
        for layer, name, _ in strengths:
            setattr(layer, name, 0.0)
        yield
    finally:
        for layer, name, strength in strengths:
            setattr(layer, name, strength)


def is_noise(layer: keras.Layer) -> bool:
    """Does `layer` change what it is given at random, in training alone?"""
    return isinstance(layer, NOISES) or type(layer).__name__ == "StochasticDepth"  # ConvNeXt's, no layer of Keras' own
