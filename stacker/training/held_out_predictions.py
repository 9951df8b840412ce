"""The predictions that the meta-models learn from: of rows that the predicting fit has not learnt."""

import time

import numpy as np

from stacker.artifacts.progress import open_progress
from stacker.splits.held_out import Plan
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
    held_out = np.empty_like(train)
    title = f"{trainer.label}: out-of-fold predictions"
    with open_progress(title, len(plan.folds), "fits", is_shown=not trainer.runs_network) as bar:
        for number, fold in enumerate(plan.folds, start=1):
            trainer.place = f"fold {number} of {len(plan.folds)}"
            started = time.monotonic()
            fitted = trainer.fit(fold.learn)
            (held_out[fold.predict],) = trainer.predict(fitted, ("train", fold.predict))
            bar.update()
            if trainer.runs_network:
                print(f"{trainer.label}: {trainer.place} in {time.monotonic() - started:.1f} s", flush=True)
    return {"held_out": held_out, "held_out_rows": np.arange(len(train)), "held_out_fold": plan.cuts}
