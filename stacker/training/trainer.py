"""What the three ways to train a member have in common: their four methods, and how one phase is fitted."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar

import keras
import numpy as np

from stacker.artifacts.checkpoints import Checkpoints
from stacker.artifacts.curves import Epoch
from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference
from stacker.settings.training import FineTune
from stacker.splits.held_out import Fold
from stacker.training.compiled_models import CompiledModels
from stacker.training.fit_record import FitRecord
from stacker.training.fitted_member import FittedMember
from stacker.training.fitting import FitSettings, fit_model
from stacker.training.head_predictions import predict_features
from stacker.training.kept_epoch import choose_kept
from stacker.training.member_batches import build_batches
from stacker.training.member_parts import MemberParts
from stacker.training.phases import choose_fine_tune, choose_fit

PHASES = {"head": "training the head", "fine_tune": "fine-tuning", "all": "training the network"}
Request = tuple[str, np.ndarray | None]  # a split and its row numbers, int64, (m,); None for all


class Trainer(ABC):
    """One way to train a member: fits it as often as asked, each time from the same start.

    Attributes:
        runs_network: does an epoch run a network, or its tail? Then a fit takes minutes, not seconds.
        has_choice: do the settings leave something to the data? Then `tune` goes before any fit.
        label: the member's.
        parts: builds the member.
        data: what it is trained on.
        training: its block `training`.
        inference: engine, precision and batch size of predictions.
        place: which of several fits is running, such as "fold 2 of 5", for whoever waits for it.
        checkpoints: what the training keeps of itself while it runs; None where it keeps nothing.
        compiled_heads: compiled once for all fits of a head on kept features.
        seconds_before: that earlier runs have spent on what the fits so far took from their checkpoints.
    """

    runs_network: ClassVar[bool]
    has_choice = False
    place = ""
    checkpoints: Checkpoints | None = None
    seconds_before = 0.0

    def __init__(self, parts: MemberParts, inference: Inference):
        self.label = parts.label
        self.parts = parts
        self.data = parts.data
        self.training = parts.settings.training
        self.inference = inference
        self.compiled_heads = CompiledModels()

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

    @property
    def fit_name(self) -> str:
        """What the fit that is running is called among the checkpoints."""
        return self.place.replace(" ", "_") or "final"

    def note(self, fitted: FittedMember, history: tuple[Epoch, ...]) -> FittedMember:
        """`fitted` with its epochs, all phases of it done."""
        return fitted._replace(history=history, kept=choose_kept(history, self.training.patience))

    def fit_head(self, head: keras.Model, rows: np.ndarray) -> tuple[Epoch, ...]:
        """The first phase, where kept features stand for the images."""
        settings, compiled = choose_fit(self.training), self.compiled_heads
        return self.fit_phase(head, self.data.features, rows, settings, "head", is_long=False, compiled=compiled)

    def fit_phase(
        self,
        model: keras.Model,
        inputs: Mapping[str, np.ndarray],
        rows: np.ndarray,
        settings: FitSettings,
        phase: str,
        is_long: bool = True,
        before: tuple[Epoch, ...] = (),
        compiled: CompiledModels | None = None,
    ) -> tuple[Epoch, ...]:
        """Fit `model` on `rows` of what `inputs` holds of the train split; validation is watched. See `fit_model`.

        Where an earlier run was interrupted, it goes on from the checkpoint. `before` are the epochs of the phases
        before this one.
        """
        train, validation = build_batches(self.data, inputs, rows, self.training, model.output_shape[-1])
        title = ", ".join(part for part in (f"{self.label}: {PHASES[phase]}", self.place) if part)
        record = None
        if self.checkpoints is not None:
            record = FitRecord(self.checkpoints, self.fit_name, phase, title, before)
            self.seconds_before += record.seconds_before
        return tuple(fit_model(model, train, validation, settings, phase, is_long, title, record, compiled))

    def fine_tune_phase(
        self,
        model: keras.Model,
        inputs: Mapping[str, np.ndarray],
        rows: np.ndarray,
        fine_tune: FineTune,
        first: tuple[Epoch, ...],
    ) -> tuple[Epoch, ...]:
        """Fit `model`, its layers unfrozen, a second time; where the best weights are wanted, of both phases.

        The validation loss of both is of the same rows, with the same weights.

        Args:
            model: from `inputs` to logits; its weights are those that the first phase has kept.
            inputs: by split.
            rows: int64, (m,), of the train split, to learn from.
            fine_tune: the settings.
            first: the epochs of the first phase.

        Returns:
            The epochs of both phases.
        """
        before = model.get_weights()
        settings = choose_fine_tune(self.training, fine_tune)
        second = self.fit_phase(model, inputs, rows, settings, "fine_tune", before=first)
        history, patience = first + second, self.training.patience
        kept = choose_kept(history, patience)
        if kept < len(first):
            model.set_weights(before)
            print(
                f"{self.label}: fine-tuning made it worse and was thrown away: best validation loss "
                f"{second[choose_kept(second, patience)].val_loss:.4f}, before it {history[kept].val_loss:.4f}",
                flush=True,
            )
        return history

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
