"""Train one member and predict with it.

Reads `data/arrays/` and `data/features/<member>/`; writes `models/members/<member>.h5`, `data/predictions/<member>.npz`
and the learning curves `plots/curves/<member>.csv`.
Alone: `python -m stages.train <member>`.
"""

import time
from pathlib import Path

import keras
import numpy as np

from stages.arrays import SPLITS, load_classes, load_groups, load_images, load_labels
from stages.errors import PipelineError, read_argument, run_stage
from stages.features import load_features
from stages.fitting import make_deterministic, write_history
from stages.held_out import Plan, plan_fits
from stages.member_training import FittedMember, MemberData, MemberTrainer
from stages.outputs import replaced_file
from stages.predictions import Predictions, save_predictions
from stages.saved_models import save_model
from stages.settings import load_member

MEMBERS = Path("models/members")
CURVES = Path("plots/curves")
CHECKED_ROWS = 8


def main() -> None:
    label = read_argument("member")
    member, settings = load_member(label)
    stacking = settings.stacking
    make_deterministic()
    data = load_data(label, has_features=not member.backbone.trainable)
    plan = plan_fits(
        stacking.fit_on, data.labels["train"], load_groups("train"), stacking.folds, stacking.holdout, stacking.seed
    )
    trainer = MemberTrainer(label, member, data, settings.inference)
    initial = np.empty((0, 1), np.float32)
    if member.training.initial_scores:
        (initial,) = trainer.predict(trainer.build(plan.final.learn), ("test", None))
    started = time.monotonic()
    fitted = trainer.fit(plan.final.learn)
    seconds = time.monotonic() - started
    report_fit(label, len(plan.final.learn), fitted, seconds)
    predicted = dict(zip(SPLITS, trainer.predict(fitted, *((split, None) for split in SPLITS)), strict=True))
    model = trainer.assemble(fitted)
    check_assembled(model, data, predicted["validation"], settings.inference.precision)
    held_out = predict_held_out(trainer, plan, predicted["train"], seconds)
    save_predictions(label, Predictions(**predicted, **held_out, initial_test=initial))
    save_model(model, MEMBERS / f"{label}.h5")
    with replaced_file(CURVES / f"{label}.csv") as path:
        write_history(path, fitted.history)


def load_data(label: str, has_features: bool) -> MemberData:
    """All that a member is trained on; images and features stay on disk, memory-mapped."""
    return MemberData(
        images={split: load_images(split) for split in SPLITS},
        labels={split: load_labels(split) for split in SPLITS},
        features={split: load_features(label, split) for split in SPLITS} if has_features else {},
        class_count=len(load_classes()),
    )


def predict_held_out(trainer: MemberTrainer, plan: Plan, train: np.ndarray, seconds: float) -> dict[str, np.ndarray]:
    """The predictions that the meta-model learns from; `plan` says from which fits.

    Args:
        trainer: fits and predicts.
        plan: of all fits.
        train: the final model's probabilities of the train split.
        seconds: that the final fit took, for the estimate.

    Returns:
        `held_out`, `held_out_rows` and `held_out_fold`, as in `Predictions`.
    """
    if not plan.folds:
        rows = plan.final.predict
        is_leaked = len(np.intersect1d(rows, plan.final.learn)) > 0
        return {"held_out": train[rows], "held_out_rows": rows, "held_out_fold": np.full(len(rows), -int(is_leaked))}
    if trainer.learns_from_images:
        share = 1 - 1 / len(plan.folds)
        print(
            f"{trainer.label}: {len(plan.folds)} more fits for out-of-fold predictions, about "
            f"{seconds * share * len(plan.folds) / 60:.1f} minutes; `stacking.fit_on: holdout` needs none",
            flush=True,
        )
    held_out = np.empty_like(train)
    fold_of_row = np.empty(len(train), np.int64)
    for number, fold in enumerate(plan.folds):
        fitted = trainer.fit(fold.learn)
        (held_out[fold.predict],) = trainer.predict(fitted, ("train", fold.predict))
        fold_of_row[fold.predict] = number
    return {"held_out": held_out, "held_out_rows": np.arange(len(train)), "held_out_fold": fold_of_row}


def check_assembled(model: keras.Model, data: MemberData, predicted: np.ndarray, precision: str) -> None:
    """Does the model that is saved give, from raw images, what was predicted through features or another engine?

    Raises:
        PipelineError: it does not, as when the features were made with other weights.
    """
    tolerance = 1e-3 if precision == "float32" else 0.1
    images = np.asarray(data.images["validation"][:CHECKED_ROWS], np.float32)
    received = keras.ops.convert_to_numpy(model(images, training=False))
    difference = float(np.abs(received - predicted[:CHECKED_ROWS]).max())
    if not difference < tolerance:
        raise PipelineError(
            f"{model.name}: the assembled model differs by {difference:.2g} from the predictions (tolerance "
            f"{tolerance}): were the features made with other weights? Run `dvc repro --force embed@{model.name}`"
        )


def report_fit(label: str, rows: int, fitted: FittedMember, seconds: float) -> None:
    best = min(fitted.history, key=lambda epoch: epoch.val_loss)
    print(
        f"{label}: {rows} rows, {len(fitted.history)} epochs in {seconds:.1f} s; best validation loss "
        f"{best.val_loss:.4f}, accuracy {best.val_accuracy:.4f}",
        flush=True,
    )


if __name__ == "__main__":
    run_stage(main)
