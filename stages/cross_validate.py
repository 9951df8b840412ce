"""Repeat the whole procedure over all photos, so that each is a test photo once: a last word for small data.

Reads `data/features/`, labels and groups of all splits, the test's too; writes `metrics/cross_validation/<label>.json`
and, for people, `.md`. It says how good the procedure is: the models in `models/` learn nothing from it.
"""

import time
from typing import Annotated

import numpy as np
import typer

from stacker.artifacts.arrays import SPLITS, load_classes, load_groups, load_labels
from stacker.artifacts.features import load_features
from stacker.artifacts.fused_members import load_fused_members
from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.results import CROSS_VALIDATION
from stacker.checks.backend import use_backend
from stacker.checks.command import run_stage
from stacker.checks.keras_import import import_keras
from stacker.pictures.cross_validation_text import write_cross_validation
from stacker.scoring.outer_scores import collect_answers, score_outer_folds
from stacker.scoring.reports import write_metrics
from stacker.settings.cross_validation import load_cross_validation
from stacker.settings.inference import load_inference
from stacker.settings.members import load_member
from stacker.settings.meta_models import load_meta_model
from stacker.settings.reading import read_labels
from stacker.settings.stacking import load_stacking
from stacker.splits.held_out import cut_rows
from stacker.splits.splitting import draw_rows


def main(label: Annotated[str, typer.Argument(help="A label in the block `cross_validation` of params.yaml.")]) -> None:
    outer, stacking, inference = load_cross_validation(label), load_stacking(), load_inference()
    members = {member: load_member(member) for member in read_labels("members")}
    meta_models = {ensemble: load_meta_model(ensemble) for ensemble in read_labels("meta_models")}
    use_backend()
    import_keras()
    # from here on Keras, on the backend chosen
    from stacker.ensembles.procedure import Pool, Procedure

    everything = [(split, load_labels(split), load_groups(split)) for split in SPLITS]
    labels, groups = (np.concatenate([entry[number] for entry in everything]) for number in (1, 2))
    features = {member: np.concatenate([load_features(member, split) for split in SPLITS]) for member in members}
    pool = Pool(features, labels, groups, load_classes())
    procedure = Procedure(members, stacking, meta_models, inference, is_fused=not load_fused_members().reason)
    share = len(everything[1][1]) / (len(everything[0][1]) + len(everything[1][1]))
    cuts = cut_rows(labels, groups, outer.folds, outer.seed)
    answers = []
    started = time.monotonic()
    for number in range(cuts.max() + 1):
        rows = np.flatnonzero(cuts != number)
        watched = rows[draw_rows(labels[rows], groups[rows], share, outer.seed)]
        learnt = np.setdiff1d(rows, watched)
        test = pool.take(np.flatnonzero(cuts == number))
        answers.append(procedure.run(pool.take(learnt), pool.take(watched), test))
        left = (time.monotonic() - started) / (number + 1) * (cuts.max() - number)
        print(
            f"{label}: fold {number + 1} of {cuts.max() + 1}: {len(learnt):,} photos learnt, "
            f"{len(test.labels):,} tested; {left / 60:.1f} minutes left"
        )
    scores = score_outer_folds(collect_answers(answers, cuts), labels, groups, cuts)
    write_metrics(CROSS_VALIDATION / f"{label}.json", scores)
    with replaced_file(CROSS_VALIDATION / f"{label}.md") as path:
        path.write_text(write_cross_validation(scores), encoding="utf-8")


if __name__ == "__main__":
    run_stage(main, __doc__)
