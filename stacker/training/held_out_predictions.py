"""The predictions that the meta-models learn from: of rows that the predicting fit has not learnt."""

import time

import numpy as np

from stacker.artifacts.checkpoints import Checkpoint
from stacker.artifacts.progress import open_progress
from stacker.splits.held_out import Fold, Plan
from stacker.training.trainer import Trainer


def predict_held_out(trainer: Trainer, plan: Plan, train: np.ndarray, seconds: float) -> dict[str, np.ndarray]:
    """The predictions that the meta-model learns from; `plan` says from which fits.

    Args:
        trainer: fits and predicts.
        plan: of all fits.
        train: the final model's logits of the train split, float32, (n, 1) or (n, classes).
        seconds: that the final fit took, for the estimate.

    Returns:
        `held_out`, `held_out_rows` and `held_out_fold`, as in `Predictions`.
    """
    if not plan.folds:
        rows = plan.final.predict
        return {"held_out": train[rows], "held_out_rows": rows, "held_out_fold": plan.cuts}
    if trainer.runs_network:
        share = 1 - 1 / len(plan.folds)
        print(
            f"{trainer.label}: {len(plan.folds)} more fits for out-of-fold predictions, about "
            f"{seconds * share * len(plan.folds) / 60:.1f} minutes; `stacking.fit_on: holdout` needs none",
            flush=True,
        )
    trainer.fit_ahead([fold.learn for fold in plan.folds])
    held_out = np.empty_like(train)
    title = f"{trainer.label}: out-of-fold predictions"
    with open_progress(title, len(plan.folds), "fits", is_shown=not trainer.runs_network) as bar:
        for number, fold in enumerate(plan.folds, start=1):
            trainer.place = f"fold {number} of {len(plan.folds)}"
            held_out[fold.predict] = _predict_fold(trainer, fold)
            bar.update()
    return {"held_out": held_out, "held_out_rows": np.arange(len(train)), "held_out_fold": plan.cuts}


def _predict_fold(trainer: Trainer, fold: Fold) -> np.ndarray:
    """The logits of a fold's rows, by a fit on the others, or as an interrupted run has kept them."""
    what, kept = f"{trainer.label}: {trainer.place}", trainer.checkpoints
    found = None if kept is None else kept.read(trainer.fit_name)
    if found is not None:
        print(f"{what}: as an interrupted run has kept it", flush=True)
        return found.arrays["held_out"]
    started = time.monotonic()
    (logits,) = trainer.predict(trainer.fit(fold.learn), ("train", fold.predict))
    if trainer.runs_network:
        print(f"{what} in {time.monotonic() - started:.1f} s", flush=True)
    if kept is not None:
        kept.write(trainer.fit_name, Checkpoint({"held_out": logits}, {}), what)
        kept.remove(trainer.fit_name)  # what the fit needed to go on
    return logits
