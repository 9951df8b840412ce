"""Let the random draws of an epoch hang on its number alone, on PyTorch too.

Dropout draws there from PyTorch's own generators, one a device, where elsewhere it has one that is kept with the model:
so a fit that goes on after an interrupt would draw anew from the start.
"""

import keras
import numpy as np


def build_seeding(seed: int) -> list[keras.callbacks.Callback]:
    """Callbacks for a fit: one that seeds PyTorch before every epoch; none on other backends."""
    return [EpochSeeding(seed)] if keras.backend.backend() == "torch" else []


class EpochSeeding(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Seeds PyTorch's generators, of all devices, at the begin of every epoch."""

    def __init__(self, seed: int):
        super().__init__()
        self.seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - as Keras calls it
        import torch

        torch.manual_seed(int(np.random.SeedSequence([self.seed, epoch]).generate_state(1)[0]))
