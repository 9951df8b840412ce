"""Fit a rival of the ensembles: one logistic regression on the features of all members side by side.

Reads `data/features/`, labels and groups of the train split; writes `data/predictions/baselines/features.npz`, for
`compare`. Where a member keeps no features, or there are too many to fit in minutes, the file says that it is left out:
it holds no row.
"""

import numpy as np

from stacker.artifacts.arrays import SPLITS, load_classes, load_groups, load_labels
from stacker.artifacts.features import load_features
from stacker.artifacts.fused_members import load_fused_members
from stacker.artifacts.leftovers import sweep_inputs_of_fuse
from stacker.artifacts.predictions import FUSED, Predictions, save_fused
from stacker.checks.command import run_stage
from stacker.ensembles.fused_features import fit_fused, join_features
from stacker.settings.reading import read_labels
from stacker.settings.stacking import load_stacking
from stacker.splits.held_out import plan_fits, plan_tuning
from stacker.training.linear_fits import MOST_VALUES


def main() -> None:
    fused, stacking = load_fused_members(), load_stacking()
    sweep_inputs_of_fuse(fused.members, read_labels("meta_models"))
    classes, labels, groups = load_classes(), load_labels("train"), load_groups("train")
    reason = fused.reason
    members = [] if reason else [{split: load_features(label, split) for split in SPLITS} for label in fused.members]
    values = sum(features["train"].size for features in members) * len(classes)
    if values > MOST_VALUES:
        reason = f"{values:,} features times classes to learn from are more than {MOST_VALUES:,}"
    if reason:
        print(f"the rival `features` is left out: {reason}")
        save_fused(make_empty())
        return
    draw = (stacking.folds, stacking.holdout, stacking.seed)
    plan = plan_fits(stacking.fit_on, labels, groups, *draw, classes)
    folds = plan_tuning(plan, labels, groups, stacking.folds, stacking.seed)
    predictions, strength = fit_fused(join_features(members), labels, plan, folds, fused.is_balanced)
    save_fused(predictions)
    print(
        f"logistic regression on the features of {', '.join(fused.members)} side by side: C={strength:.2g} -> {FUSED}"
    )


def make_empty() -> Predictions:
    """The predictions of a rival that is left out."""
    nothing = np.empty((0, 1), np.float32)
    rows = np.empty(0, np.int64)
    return Predictions(nothing, nothing, nothing, nothing, rows, rows, nothing, np.array(False))


if __name__ == "__main__":
    run_stage(main, __doc__)
