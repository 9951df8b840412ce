"""Let the random draws of an epoch hang on its number alone, on JAX and PyTorch too.

Keras shuffles batches by Python's own `random`, and on these backends once more before a model's first fit, to see what
a batch looks like: a model that was compiled for an earlier fit would see another order. And on PyTorch dropout draws
from PyTorch's own generators, one a device, where elsewhere it has one that is kept with the model: a fit that goes on
after an interrupt would draw anew from the start.
"""

import random

import keras
import numpy as np


def build_seeding(seed: int) -> list[keras.callbacks.Callback]:
    """Callbacks for a fit: one that seeds every epoch; none on TensorFlow."""
    return [] if keras.backend.backend() == "tensorflow" else [EpochSeeding(seed)]


class EpochSeeding(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Seeds Python's generator, and PyTorch's of all devices, at the begin of every epoch."""

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - as Keras calls it
        number = int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0])
        random.seed(number)
        if keras.backend.backend() == "torch":
            import torch

            torch.manual_seed(number)
