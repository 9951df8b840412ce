"""Score one model, a member or an ensemble, from its saved predictions: no network runs.

Scored are the held-out rows, for whoever chooses among models, and the test split, which is for the end.
Reads `data/predictions/{members,ensembles}/<label>.npz` and of `data/arrays/` labels, groups, class names and
fingerprints; writes `metrics/<label>.json`, the four scores that `dvc metrics` shows, and all others to
`metrics/details/<label>.json`, with their intervals, the confusion of the classes, and how far a probability can be
taken at its word.
"""

from typing import Annotated, Any

import numpy as np
import typer

from stacker.artifacts.arrays import load_classes, load_fingerprint, load_labels
from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import EnsemblePredictions, load_ensemble_predictions, load_predictions
from stacker.artifacts.results import DETAILS, METRICS
from stacker.checks.command import run_stage
from stacker.scoring.details import describe_answers
from stacker.scoring.doubt import describe_doubt, measure_doubt
from stacker.scoring.model_costs import read_cost
from stacker.scoring.reports import describe_scores, take_headline, write_metrics
from stacker.scoring.rows import Rows, load_choice_rows, load_test_rows, name_choice_rows, predict_choice_rows
from stacker.scoring.saved_files import compare_saved_file
from stacker.scoring.score_intervals import compute_score_intervals
from stacker.scoring.scores import compute_scores, compute_summary


def main(
    label: Annotated[str, typer.Argument(help="A label in the block `members`, or in `meta_models`, of params.yaml.")],
    ensemble: Annotated[bool, typer.Option("--ensemble", help="The label is one of `meta_models`.")] = False,
) -> None:
    predictions = load_ensemble_predictions(label) if ensemble else load_predictions(label)
    classes, test, choice = load_classes(), load_test_rows(), load_choice_rows(predictions)
    held_out = summarise(choice, predict_choice_rows(predictions))
    probabilities = spread_classes(predictions.test)
    scores = compute_scores(test.labels, probabilities, classes, test.groups)
    facts: dict[str, Any] = {
        "test_set": load_fingerprint("test"),
        "heldout": {"rows": name_choice_rows(predictions), **held_out},
        "test": {**scores, **describe_answers(test.labels, probabilities, classes, test.groups)},
        **measure_doubt(predictions, load_labels("validation"), test),
    }
    cost = read_cost(predictions)
    if cost is not None:
        facts["cost"] = cost._asdict()
    saved_file = compare_saved_file(predictions, test)
    if saved_file is not None:
        facts["saved_file"] = saved_file
    if isinstance(predictions, EnsemblePredictions):
        fit_on = str(predictions.fit_on)
        # leaked: the meta-model learnt from predictions on rows that its members had learnt
        facts |= {"fit_on": fit_on, "leaked": fit_on == "train", "checked_photos": int(predictions.checked_photos)}
    elif len(predictions.initial_test):
        initial = compute_scores(test.labels, spread_classes(predictions.initial_test), classes, test.groups)
        facts["initial"] = {name: initial[name] for name in ("accuracy", "log_loss")}
    write_metrics(METRICS / f"{label}.json", {"heldout": take_headline(held_out), "test": take_headline(scores)})
    write_metrics(DETAILS / f"{label}.json", facts)
    print(f"{label}, held-out rows: {describe_scores(held_out)}")
    print(f"{label}, test split: {describe_scores(scores)}")
    for line in describe_doubt(facts):
        print(f"{label}, {line}")


def summarise(rows: Rows, probabilities: np.ndarray) -> dict[str, Any]:
    """The scores that one chooses by, each with its interval."""
    summary = compute_summary(rows.labels, probabilities, rows.groups)
    if summary["groups"] < 2:
        return summary
    intervals = compute_score_intervals(rows.labels, probabilities, rows.groups)
    return summary | {end: value for end, value in intervals.items() if end.rpartition("_")[0] in summary}


if __name__ == "__main__":
    run_stage(main, __doc__)
