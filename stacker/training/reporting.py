"""What the stage `train` says of a fit, and what a member gives before any."""

import numpy as np

from stacker.training.fitted_member import FittedMember
from stacker.training.trainer import Trainer


def predict_initially(trainer: Trainer, rows: np.ndarray, is_wanted: bool) -> np.ndarray:
    """The untrained member's logits of the test split; empty, (0, 1), where they are not wanted.

    Args:
        trainer: of the member.
        rows: int64, (m,), of the train split: what a standardising head takes its statistics from.
        is_wanted: the setting `training.initial_scores`.

    Returns:
        float32, (n, 1) or (n, classes).
    """
    if not is_wanted:
        return np.empty((0, 1), np.float32)
    (initial,) = trainer.predict(trainer.build(rows), ("test", None))
    return initial


def describe_folds(folds: int) -> str:
    """The end of a sentence on what a member is to learn from."""
    return f", and {folds} times from all but a fold of them, to predict that fold" if folds else ""


def report_held_out(label: str, folds: int, seconds: float) -> None:
    """Print how long the fits for out-of-fold predictions took, where there were any."""
    if folds:
        print(f"{label}: out-of-fold predictions by {folds} more fits in {seconds:.1f} s", flush=True)


def report_fit(label: str, rows: int, fitted: FittedMember, seconds: float) -> None:
    """Print what a fit reached with the weights that it keeps.

    Args:
        label: the member's.
        rows: how many it learnt from.
        fitted: what `Trainer.fit` gave.
        seconds: that it took.
    """
    kept = fitted.history[fitted.kept]
    if fitted.linear is None:
        what = f"{len(fitted.history)} epochs in {seconds:.1f} s; kept epoch {fitted.kept + 1} ({kept.phase})"
    else:
        what = f"head at its optimum in {seconds:.1f} s, C={kept.strength:.2g} of {len(fitted.history)} tried"
    print(
        f"{label}: {rows} rows, {what}: validation loss {kept.val_loss:.4f}, accuracy {kept.val_accuracy:.4f}",
        flush=True,
    )
