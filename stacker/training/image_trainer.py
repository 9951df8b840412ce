"""The third way: from images, where augmentation draws them anew or most of the network changes.

That is a backbone that is trained from the start; augmentation; and fine-tuning where kept activations do not pay or
are not wanted. Every epoch runs the whole network.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.settings.training import FineTune
from stacker.training.augmentation import augment_inputs
from stacker.training.fitted_member import FittedMember
from stacker.training.frozen_noise import rest_dropout
from stacker.training.phases import choose_fit
from stacker.training.trainer import Request, Trainer


class ImageTrainer(Trainer):
    """Trains a whole member from images; the methods are described in `Trainer`."""

    runs_network = True

    def build(self, rows: np.ndarray) -> FittedMember:
        return self.build_whole(rows)

    def fit(self, rows: np.ndarray) -> FittedMember:
        fitted = self.build(rows)
        history = self._fit_first(fitted, rows)
        fine_tune = self.training.fine_tune
        if fine_tune is not None:
            history = self._fine_tune(fitted.model, rows, fine_tune, history)
        return self.note(fitted, history)

    def predict(self, fitted: FittedMember, *requests: Request) -> list[np.ndarray]:
        if not self.parts.settings.backbone.trainable and self.training.fine_tune is None:
            # Augmentation alone: only the head has changed, so features of the images as they are were kept.
            return self.run_head(fitted.head, requests)
        return self.run_model(fitted.model, self.data.images, requests)

    def assemble(self, fitted: FittedMember) -> keras.Model:
        return fitted.model

    def _fit_first(self, fitted: FittedMember, rows: np.ndarray) -> tuple[Epoch, ...]:
        """The head alone, or the whole network where it is trainable from the start."""
        is_trainable = self.parts.settings.backbone.trainable
        if not is_trainable and self.training.augmentation is None:
            return self.fit_head(fitted.head, rows)
        phase = "all" if is_trainable else "head"
        with self._prepare(fitted.model) as trained:
            return self.fit_phase(trained, self.data.images, rows, choose_fit(self.training), phase)

    def _fine_tune(
        self, model: keras.Model, rows: np.ndarray, fine_tune: FineTune, first: tuple[Epoch, ...]
    ) -> tuple[Epoch, ...]:
        self.parts.unfreeze(model.get_layer("network"), fine_tune)
        with self._prepare(model) as trained:
            return self.fine_tune_phase(trained, self.data.images, rows, fine_tune, first)

    @contextmanager
    def _prepare(self, model: keras.Model) -> Iterator[keras.Model]:
        """The member as it is trained: on augmented images, the frozen part of its network as in inference."""
        with rest_dropout(model.get_layer("network")):
            yield augment_inputs(model, self.training.augmentation, self.training.seed)
