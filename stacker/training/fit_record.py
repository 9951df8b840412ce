"""What is kept of a fit while it runs, so that one that was interrupted goes on where it stood."""

import time

import keras

from stacker.artifacts.checkpoints import Checkpoint, Checkpoints
from stacker.artifacts.curves import Epoch, write_curves
from stacker.training.fit_state import FitParts, read_end, read_epochs, read_state, restore_end, restore_state
from stacker.training.kept_epoch import choose_kept

LARGEST_SHARE = 0.02  # of a fit's time, that goes into keeping it
CURVES_SECONDS = 1.0  # between two states of the curves that one can watch


class FitRecord:
    """What is kept of one phase of a fit.

    Attributes:
        found: what an earlier run has kept; None where it has nothing, or where it was taken.
        seconds_before: that earlier runs have spent.
    """

    def __init__(self, checkpoints: Checkpoints, place: str, phase: str, title: str, before: tuple[Epoch, ...] = ()):
        """Look for what an earlier run has kept, and say so.

        Args:
            checkpoints: of the training.
            place: names the fit among several, such as "final".
            phase: a word, such as "head".
            title: the phase in words.
            before: the epochs of earlier phases, for the curves.
        """
        self._checkpoints, self._before, self._title = checkpoints, before, title
        self._name = f"{place}/{phase}"
        self._curves = checkpoints.curves / f"{place}.csv"
        self._started = time.monotonic()
        self.found = checkpoints.read(self._name)
        self.seconds_before = 0.0
        if self.found is not None:
            self.seconds_before = self.found.facts["seconds"]
            checkpoints.kept = self._describe(self.epochs)
            print(f"{checkpoints.kept}: taken from {checkpoints.folder}, where an interrupted run kept it", flush=True)

    @property
    def epochs(self) -> int:
        """How many epochs are kept, of those that an earlier run did."""
        return 0 if self.found is None else len(read_epochs(self.found))

    @property
    def seconds(self) -> float:
        """That all runs have spent on it."""
        return self.seconds_before + time.monotonic() - self._started

    def take_end(self, model: keras.Model) -> list[Epoch] | None:
        """Give `model` the weights of a fit that was done, and return its epochs; None where none is kept."""
        if self.found is None or not self.found.facts["is_done"]:
            return None
        return restore_end(model, self.found)

    def take_epochs(self, parts: FitParts) -> None:
        """Put a fit that is about to begin where an earlier run has kept it, if it has."""
        if self.found is not None:
            restore_state(parts, self.found)
            self.found = None  # a network or three of memory

    def keep_epochs(self, parts: FitParts) -> None:
        """Keep where the fit stands at the end of an epoch."""
        self._write(read_state(parts), len(parts.epochs), is_done=False)

    def keep_end(self, model: keras.Model, epochs: list[Epoch]) -> None:
        """Keep what the fit ended with."""
        self._write(read_end(model, epochs), len(epochs), is_done=True)

    def draw(self, epochs: list[Epoch], patience: int | None) -> None:
        """Write the curves as they are so far."""
        history = (*self._before, *epochs)
        write_curves(self._curves, history, choose_kept(history, patience))

    def _write(self, state: Checkpoint, epochs: int, is_done: bool) -> None:
        state.facts.update(is_done=is_done, seconds=self.seconds)
        self._checkpoints.write(self._name, state, self._describe(epochs))

    def _describe(self, epochs: int) -> str:
        return f"{self._title}, up to epoch {epochs}"


class EpochKeeper(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Begins a fit where it was kept, and keeps it after an epoch; to come after the callbacks that it reads.

    Writing takes no more than a small share of the time: after a write that took a second none follows for fifty. An
    epoch that ends the fit is not kept, but what the fit ended with.
    """

    def __init__(self, record: FitRecord, parts: FitParts, epochs: int, patience: int | None):
        super().__init__()
        self.record, self.parts, self.epochs, self.patience = record, parts, epochs, patience
        self.next_write = self.next_drawing = 0.0

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - as Keras calls it
        self.record.take_epochs(self.parts)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - as Keras calls it
        is_last = epoch + 1 == self.epochs or self.model.stop_training
        if time.monotonic() >= self.next_drawing or is_last:
            self.record.draw(self.parts.epochs, self.patience)
            self.next_drawing = time.monotonic() + CURVES_SECONDS
        started = time.monotonic()
        if started >= self.next_write and not is_last:
            self.record.keep_epochs(self.parts)
            ended = time.monotonic()
            self.next_write = ended + (ended - started) / LARGEST_SHARE
