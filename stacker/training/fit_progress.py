"""Moves a progress bar on while Keras fits."""

import keras

from stacker.artifacts.progress import Progress


class EpochProgress(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Moves a bar, which counts steps, on at the end of every epoch, and shows what the epoch gave."""

    def __init__(self, bar: Progress, epochs: int):
        super().__init__()
        self.bar, self.epochs = bar, epochs

    def on_epoch_end(self, epoch: int, logs: dict[str, float]) -> None:
        reached = f"epoch {epoch + 1} of {self.epochs}: validation loss {logs['val_loss']:.4f}"
        self.bar.set_postfix_str(reached, refresh=False)
        self.bar.update((epoch + 1) * self.params["steps"] - self.bar.n)


class StepProgress(EpochProgress):
    """Moves it on after every step too: Keras then comes back to Python, and an interrupt gets through."""

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - as Keras calls it
        self.bar.update()
