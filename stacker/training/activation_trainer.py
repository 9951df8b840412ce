"""The second way: fine-tuning from activations that are kept where the frozen part of the network ends.

First the head, on kept features. Then what is unfrozen of the network, its tail: the frozen part runs once for every
photo, and all epochs, folds and predictions start from what it gave.
"""

import keras
import numpy as np

from stacker.settings.inference import Inference
from stacker.settings.training import FineTune
from stacker.training.activations import keep_activations
from stacker.training.cutting import split_member
from stacker.training.fitted_member import FittedMember
from stacker.training.member_parts import MemberParts
from stacker.training.trainer import Request, Trainer


class ActivationTrainer(Trainer):
    """Trains the head, then the tail; the methods are described in `Trainer`.

    Attributes:
        activations: what the frozen part gives, by split, float32, (n, width), the same for every fit; empty before the
            first one.
    """

    runs_network = True

    def __init__(self, parts: MemberParts, inference: Inference, fine_tune: FineTune):
        super().__init__(parts, inference)
        self.fine_tune = fine_tune
        self.activations: dict[str, np.ndarray] = {}

    def build(self, rows: np.ndarray) -> FittedMember:
        return self.build_whole(rows)

    def fit(self, rows: np.ndarray) -> FittedMember:
        fitted = self.build(rows)
        head_epochs = self.fit_head(fitted.head, rows)
        tail = self._cut(fitted.model)
        history = self.fine_tune_phase(tail, self.activations, rows, self.fine_tune, head_epochs)
        return self.note(fitted._replace(tail=tail), history)

    def predict(self, fitted: FittedMember, *requests: Request) -> list[np.ndarray]:
        if fitted.tail is None:  # before any training: activations may not be there yet
            return self.run_model(fitted.model, self.data.images, requests)
        return self.run_model(fitted.tail, self.activations, requests)

    def assemble(self, fitted: FittedMember) -> keras.Model:
        return fitted.model

    def _cut(self, model: keras.Model) -> keras.Model:
        """Unfreeze `model` and give its tail; the first time, keep what the front gives."""
        self.parts.unfreeze(model.get_layer("network"), self.fine_tune)
        front, tail = split_member(model)
        if not self.activations:
            self.activations = keep_activations(front, self.data.images, self.inference)
        return tail
