"""What the ways to train a member have in common: their four methods."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import keras
import numpy as np

from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference
from stacker.splits.held_out import Fold
from stacker.training.fitted_member import FittedMember
from stacker.training.head_predictions import predict_features
from stacker.training.member_parts import MemberParts
from stacker.training.phase_fits import PhaseFits

Request = tuple[str, np.ndarray | None]  # a split and its row numbers, int64, (m,); None for all


class Trainer(PhaseFits, ABC):
    """One way to train a member: fits it as often as asked, each time from the same start.

    Attributes:
        runs_network: does an epoch run a network, or its tail? Then a fit takes minutes, not seconds.
        has_choice: do the settings leave something to the data? Then `tune` goes before any fit.
        parts: builds the member.
        inference: engine, precision and batch size of predictions.
    """

    runs_network: ClassVar[bool]
    has_choice = False

    def __init__(self, parts: MemberParts, inference: Inference):
        super().__init__(parts.label, parts.data, parts.settings.training)
        self.parts = parts
        self.inference = inference

    def tune(self, folds: Sequence[Fold]) -> None:  # noqa: B027 - most ways have nothing to choose
        """Choose what the settings leave to the data.

        Args:
            folds: rows of the train split to learn from, and to judge by.

        Raises:
            PipelineError: there are too few photos to choose by.
        """

    @abstractmethod
    def build(self, rows: np.ndarray) -> FittedMember:
        """The member before any training.

        Args:
            rows: int64, (m,), of the train split: what a standardising head takes its statistics from.
        """

    @abstractmethod
    def fit(self, rows: np.ndarray) -> FittedMember:
        """Train anew; early stopping watches the validation split.

        Args:
            rows: int64, (m,), of the train split, to learn from.

        Raises:
            PipelineError: a phase cannot run with these settings, or its loss became no number.
        """

    def fit_final(self, rows: np.ndarray) -> FittedMember:
        """As `fit`: the fit that is saved, with the history that people look at."""
        return self.fit(rows)

    def fit_ahead(self, learnt: Sequence[np.ndarray]) -> None:  # noqa: B027 - a network takes all cores for one fit
        """Fit at once what the next calls of `fit` will ask for, where several fits run side by side.

        Args:
            learnt: of each the rows, as in `fit`.
        """

    @abstractmethod
    def predict(self, fitted: FittedMember, *requests: Request) -> list[np.ndarray]:
        """Predict rows of splits.

        Args:
            fitted: what `fit` or `build` gave.
            requests: which rows; one engine serves all requests.

        Returns:
            For each request logits, float32, (m, 1) or (m, classes).
        """

    @abstractmethod
    def assemble(self, fitted: FittedMember) -> keras.Model:
        """The member whole, from images, (n, side, side, 3), RGB, 0-255, to logits."""

    def build_whole(self, rows: np.ndarray) -> FittedMember:
        """Head and backbone, joined."""
        backbone = self.parts.build_backbone()
        head = self.parts.build_head(rows, backbone.output_shape[1])
        return FittedMember(head, self.parts.assemble(backbone, head))

    def run_model(
        self, model: keras.Model, inputs: Mapping[str, np.ndarray], requests: tuple[Request, ...]
    ) -> list[np.ndarray]:
        """Predict with a network whose input is called as the member is, from what `inputs` holds of each split."""
        predictor = compile_predictor(model, self.inference, {self.label: inputs["train"].dtype})
        return [predictor.predict({self.label: inputs[split]}, rows) for split, rows in requests]

    def run_head(self, head: keras.Model, requests: tuple[Request, ...]) -> list[np.ndarray]:
        """Predict from the kept features."""
        arrays = [(self.data.features[split], rows) for split, rows in requests]
        return [predict_features(head, values if rows is None else values[rows]) for values, rows in arrays]
