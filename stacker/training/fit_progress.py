"""What Keras tells while it fits: the epochs, and a progress bar that moves on."""

import time

import keras

from stacker.artifacts.curves import Epoch
from stacker.artifacts.progress import Progress

LINE_SECONDS = 1.0  # between two lines of a long fit


class EpochRecorder(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Notes every epoch, with the learning rate at its end."""

    def __init__(self, phase: str):
        super().__init__()
        self.phase = phase
        self.epochs: list[Epoch] = []

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        rate = keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)
        values = (*(logs[key] for key in ("accuracy", "loss", "val_accuracy", "val_loss")), rate)
        self.epochs.append(Epoch(epoch + 1, self.phase, *map(float, values)))


class EpochProgress(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Moves a bar, which counts steps, on at the end of every epoch, and shows what the epoch gave."""

    def __init__(self, bar: Progress, epochs: int, steps: int):
        super().__init__()
        self.bar, self.epochs, self.steps = bar, epochs, steps

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        reached = f"epoch {epoch + 1} of {self.epochs}: validation loss {logs['val_loss']:.4f}"
        self.bar.set_postfix_str(reached, refresh=False)
        self.bar.update((epoch + 1) * self.steps - self.bar.n)


class StepProgress(EpochProgress):
    """Moves it on after every step too: Keras then comes back to Python, and an interrupt gets through.

    And prints a line an epoch, at most one a second.
    """

    def on_train_begin(self, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - as Keras calls it
        self.started, self.done, self.next_line = time.monotonic(), 0, 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - as Keras calls it
        self.bar.update()

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        super().on_epoch_end(epoch, logs)
        now = time.monotonic()
        self.done += 1
        if now < self.next_line and epoch + 1 < self.epochs:
            return
        self.next_line = now + LINE_SECONDS
        left = self.bar.format_interval((now - self.started) / self.done * (self.epochs - epoch - 1))
        self.bar.say(
            f"{self.bar.desc}: epoch {epoch + 1} of {self.epochs}: loss {logs['loss']:.4f}, validation loss "
            f"{logs['val_loss']:.4f}, accuracy {logs['val_accuracy']:.4f}; {left} left at most"
        )
