"""How one phase of a member's training is fitted: by batches, watched, and with its checkpoints."""

from collections.abc import Mapping

import keras
import numpy as np

from stacker.artifacts.checkpoints import Checkpoints
from stacker.artifacts.curves import Epoch
from stacker.settings.training import FineTune, Training
from stacker.training.compiled_models import CompiledModels
from stacker.training.fit_record import FitRecord
from stacker.training.fitted_member import FittedMember
from stacker.training.fitting import FitSettings, fit_model
from stacker.training.kept_epoch import choose_kept
from stacker.training.member_batches import build_batches
from stacker.training.member_data import MemberData
from stacker.training.phases import choose_fine_tune, choose_fit

PHASES = {"head": "training the head", "fine_tune": "fine-tuning", "all": "training the network"}


class PhaseFits:
    """Fits the phases of one member.

    Attributes:
        label: the member's.
        data: what it is trained on.
        training: its block `training`.
        place: which of several fits is running, such as "fold 2 of 5", for whoever waits for it.
        checkpoints: what the training keeps of itself while it runs; None where it keeps nothing.
        compiled_heads: compiled once for all fits of a head on kept features.
        seconds_before: that earlier runs have spent on what the fits so far took from their checkpoints.
    """

    place = ""
    checkpoints: Checkpoints | None = None
    seconds_before = 0.0

    def __init__(self, label: str, data: MemberData, training: Training):
        self.label = label
        self.data = data
        self.training = training
        self.compiled_heads = CompiledModels()

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
