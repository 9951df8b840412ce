"""Train one member and predict with it.

Reads the arrays in `data/arrays/`, but no test labels, and `data/features/<member>/`; writes
`models/members/<member>.h5`, `data/predictions/members/<member>.npz` and the learning curves
`plots/curves/<member>.csv`.
"""

import time
from typing import Annotated

import numpy as np
import typer

from stacker.artifacts.arrays import SPLITS, load_classes, load_groups
from stacker.artifacts.curves import write_history
from stacker.artifacts.descriptions import MemberFacts
from stacker.artifacts.model_paths import MEMBERS
from stacker.artifacts.predictions import Predictions, save_predictions
from stacker.checks.backend import use_backend
from stacker.checks.command import run_stage
from stacker.checks.keras_import import import_keras
from stacker.settings.backend import load_backend
from stacker.settings.hashing import hash_settings
from stacker.settings.inference import load_inference
from stacker.settings.members import load_member
from stacker.settings.stacking import load_stacking
from stacker.splits.held_out import plan_fits, plan_tuning
from stacker.uncertainty.novelty import pack_familiar


def main(member: Annotated[str, typer.Argument(help="A label in the block `members` of params.yaml.")]) -> None:
    settings, stacking = load_member(member), load_stacking()
    use_backend()
    import_keras()
    # from here on Keras, on the backend chosen
    from stacker.artifacts.saved_models import save_model
    from stacker.backbones.costs import measure_cost
    from stacker.backbones.weights_files import describe_weights
    from stacker.inference.choosing import settle_precision
    from stacker.training.assembled import check_assembled
    from stacker.training.choosing import choose_trainer
    from stacker.training.describing import describe_model
    from stacker.training.familiar_photos import learn_photos
    from stacker.training.fitting import make_deterministic
    from stacker.training.held_out_predictions import predict_held_out
    from stacker.training.member_data import load_member_data
    from stacker.training.policy import name_precision
    from stacker.training.probabilities import give_probabilities
    from stacker.training.reporting import describe_folds, predict_initially, report_fit, report_held_out
    from stacker.training.resuming import resumed_training

    make_deterministic()
    data = load_member_data(member, has_features=not settings.backbone.trainable)
    inference = settle_precision(load_inference(), data.precision)
    groups = load_groups("train")
    draw = (stacking.folds, stacking.holdout, stacking.seed)
    plan = plan_fits(stacking.fit_on, data.labels["train"], groups, *draw, load_classes())
    print(f"{member}: learns from {len(plan.final.learn):,} photos{describe_folds(len(plan.folds))}")
    trainer = choose_trainer(member, settings, data, inference)
    hashed = hash_settings(load_backend(), settings, stacking, inference)
    with resumed_training(trainer, hashed, plan):
        initial = predict_initially(trainer, plan.final.learn, settings.training.initial_scores)
        started = time.monotonic()
        if trainer.has_choice:
            trainer.tune(plan_tuning(plan, data.labels["train"], groups, stacking.folds, stacking.seed))
        fitted = trainer.fit_final(plan.final.learn)
        seconds = trainer.seconds_before + time.monotonic() - started
        report_fit(member, len(plan.final.learn), fitted, seconds)
        predicted = dict(zip(SPLITS, trainer.predict(fitted, *((split, None) for split in SPLITS)), strict=True))
        model = give_probabilities(trainer.assemble(fitted))
        is_frozen = not trainer.runs_network
        made_in = data.precision if is_frozen else name_precision(settings, inference.precision)
        saved = check_assembled(model, data.images, predicted, made_in, inference, is_frozen)
        started = time.monotonic()
        held_out = predict_held_out(trainer, plan, predicted["train"], seconds)
        report_held_out(member, len(plan.folds), time.monotonic() - started)
        familiar, novelty = learn_photos(model, data, settings, inference)
        predictions = Predictions(
            **predicted,
            **held_out,
            initial_test=initial,
            is_balanced=np.array(settings.training.class_weights == "balanced"),
            **novelty,
            is_watched=np.array(fitted.linear is None and settings.training.patience is not None),
            **measure_cost(model),
            precision=np.array(made_in),
            **saved,
        )
        origin = describe_weights(settings.backbone, f"members.{member}.backbone.weights")
        facts = MemberFacts(
            backbone=settings.backbone.name,
            weights=origin.name,
            weights_sha256=origin.sha256,
            licence=origin.licence,
            familiar=pack_familiar(familiar),
        )
        description = describe_model("member", member, {member: facts}, hashed, predictions)
        save_model(model, MEMBERS / f"{member}.h5", description)
        file_bytes = np.array((MEMBERS / f"{member}.h5").stat().st_size)
        save_predictions(member, predictions._replace(file_bytes=file_bytes))
        write_history(member, fitted.history, fitted.kept)


if __name__ == "__main__":
    run_stage(main, __doc__)
