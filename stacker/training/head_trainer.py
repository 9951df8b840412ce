"""The first way: a head on kept features, where the backbone never changes and nothing augments the images.

No network runs in a fit. The member is assembled once, to be saved.
"""

import keras
import numpy as np

from stacker.training.fitted_member import FittedMember
from stacker.training.trainer import Request, Trainer


class HeadTrainer(Trainer):
    """Trains a head and nothing else, from features and nothing else; the methods are described in `Trainer`."""

    runs_network = False

    def build(self, rows: np.ndarray) -> FittedMember:
        return FittedMember(self.parts.build_head(rows, self.data.features["train"].shape[1]))

    def fit(self, rows: np.ndarray) -> FittedMember:
        fitted = self.build(rows)
        return self.note(fitted, self.fit_head(fitted.head, rows))

    def predict(self, fitted: FittedMember, *requests: Request) -> list[np.ndarray]:
        return self.run_head(fitted.head, requests)

    def assemble(self, fitted: FittedMember) -> keras.Model:
        return self.parts.assemble(self.parts.build_backbone(), fitted.head)
