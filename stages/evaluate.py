"""Score one model, a member or an ensemble, on the test split, from its saved predictions: no network runs.

Reads `data/predictions/{members,ensembles}/<label>.npz`, the test labels and the class names; writes
`metrics/<label>.json` and `plots/{confusion,roc}/<label>.csv`.
"""

from typing import Annotated, Any

import numpy as np
import typer

from stacker.artifacts.arrays import load_classes, load_labels
from stacker.artifacts.predictions import load_ensemble_predictions, load_predictions, spread_classes
from stacker.checks.command import run_stage
from stacker.scoring.reports import write_report
from stacker.scoring.scores import compute_scores


def main(
    label: Annotated[str, typer.Argument(help="A label in the block `members`, or in `meta_models`, of params.yaml.")],
    ensemble: Annotated[bool, typer.Option("--ensemble", help="The label is one of `meta_models`.")] = False,
) -> None:
    labels, classes = load_labels("test"), load_classes()
    test, facts = read_ensemble(label) if ensemble else read_member(label, labels, classes)
    write_report(label, labels, spread_classes(test), classes, facts)


def read_member(label: str, labels: np.ndarray, classes: list[str]) -> tuple[np.ndarray, dict[str, Any]]:
    """A member's probabilities of the test split, and its scores before training, where it has some."""
    predictions = load_predictions(label)
    if not len(predictions.initial_test):
        return predictions.test, {}
    initial = compute_scores(labels, spread_classes(predictions.initial_test), classes)
    return predictions.test, {"initial": {name: initial[name] for name in ("accuracy", "log_loss")}}


def read_ensemble(label: str) -> tuple[np.ndarray, dict[str, Any]]:
    """An ensemble's probabilities of the test split, and what its meta-model learnt from."""
    predictions = load_ensemble_predictions(label)
    fit_on = str(predictions.fit_on)
    return predictions.test, {
        "fit_on": fit_on,
        # the meta-model learnt from predictions on rows that its members had learnt
        "leaked": fit_on == "train",
        "checked_photos": int(predictions.checked_photos),
    }


if __name__ == "__main__":
    run_stage(main, __doc__)
