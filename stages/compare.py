"""Compare the members, the ensemble and simple baselines on the test split, from saved predictions: no network runs.

Reads `data/predictions/`, `data/ensemble/`, the labels, the test photos, the manifest and `plots/curves/`; writes
`metrics/leaderboard.json`, `metrics/leaderboard.md` and the pictures `plots/*.png`.
Alone: `python -m stages.compare`.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from stages.arrays import load_classes, load_labels
from stages.combining import (
    choose_best_member,
    choose_greedy_weights,
    combine_logistic,
    combine_mean,
    combine_weighted,
)
from stages.contributions import compare_pairs, count_oracle
from stages.curve_pictures import read_history
from stages.errors import PipelineError, run_stage
from stages.gallery import draw_pictures
from stages.leaderboard import Findings, flatten_findings
from stages.leaderboard_text import write_markdown
from stages.leave_one_out import LEAVE_ONE_OUT, apply_meta_weights, load_leave_one_out
from stages.ordering import order_members
from stages.outputs import remove_strays, replaced_file
from stages.predictions import PREDICTIONS, Predictions, load_predictions, spread_classes
from stages.reports import METRICS, write_metrics
from stages.settings import load_settings
from stages.significance import Comparison, compare_models
from stages.standings import Model, rank_models

ENSEMBLE = Path("data/ensemble")
CURVES = Path("plots/curves")


def main() -> None:
    settings = load_settings()
    members, ensembles = sorted(settings.members), sorted(settings.stacking.meta_models)
    remove_leftovers(members, ensembles)
    predictions = load_all_predictions(members)
    labels, classes = load_labels("test"), load_classes()
    validation = {label: spread_classes(member.validation) for label, member in predictions.items()}
    best_member = choose_best_member(validation, load_labels("validation"))
    models = [Model("member", label, spread_classes(member.test)) for label, member in predictions.items()]
    if len(members) > 1:
        models += build_baselines(predictions, load_labels("train"), best_member)
    models += [Model("ensemble", label, load_ensemble(label)) for label in ensembles]
    check_lengths(models, len(labels))
    findings = find_out(models, predictions, labels, classes, best_member)
    write_metrics(METRICS / "leaderboard.json", flatten_findings(findings))
    with replaced_file(METRICS / "leaderboard.md") as path:
        path.write_text(write_markdown(findings), encoding="utf-8")
    draw_pictures(findings, labels, {label: read_history(CURVES / f"{label}.csv") for label in [*members, *ensembles]})
    for model, scores in findings.standings:
        print(f"{model.title}: accuracy {scores['accuracy']:.4f}, log loss {scores['log_loss']:.4f}")


def remove_leftovers(members: Sequence[str], ensembles: Sequence[str]) -> None:
    """Delete from the folders that DVC hashes whole what a member or an ensemble of earlier settings left there."""
    made = {f"{label}.npz" for label in ensembles} | ({LEAVE_ONE_OUT.name} if ensembles else set())
    expected = {
        PREDICTIONS: {f"{label}.npz" for label in members},
        ENSEMBLE: {"README.md"} | made,
        CURVES: {f"{label}.csv" for label in [*members, *ensembles]},
    }
    for folder, names in expected.items():
        if folder.is_dir():
            for stray in remove_strays(folder, names):
                print(f"removed {folder / stray}: params.yaml has no such model")


def load_all_predictions(members: list[str]) -> dict[str, Predictions]:
    """The members' predictions, in the order of `order_members`, so that names decide no tie.

    Raises:
        PipelineError: they do not hold out the same rows.
    """
    predictions = {label: load_predictions(label) for label in members}
    rows = predictions[members[0]].held_out_rows
    if any(not np.array_equal(rows, member.held_out_rows) for member in predictions.values()):
        raise PipelineError("the members' held-out rows differ: run `dvc repro`, which predicts them alike")
    return {label: predictions[label] for label in order_members({k: p.held_out for k, p in predictions.items()})}


def load_ensemble(label: str) -> np.ndarray:
    """The ensemble's probabilities on the test split, float64, (n, k).

    Raises:
        PipelineError: there are none.
    """
    path = ENSEMBLE / f"{label}.npz"
    try:
        with np.load(path) as arrays:
            return spread_classes(arrays["test"])
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run `dvc repro evaluate_ensemble`, or `dvc checkout`") from None


def check_lengths(models: list[Model], n: int) -> None:
    """Were all models asked about the test split of today?

    Raises:
        PipelineError: one was not.
    """
    for model in models:
        if len(model.test) != n:
            raise PipelineError(
                f"{model.title} has predictions for {len(model.test)} test images, data/arrays/test has {n}: "
                "run `dvc repro`"
            )


def build_baselines(predictions: dict[str, Predictions], train_labels: np.ndarray, best_member: str) -> list[Model]:
    """The simple combinations; those that learn do so from the held-out predictions, as the meta-model does."""
    test = {label: spread_classes(member.test) for label, member in predictions.items()}
    held_out = {label: spread_classes(member.held_out) for label, member in predictions.items()}
    labels = train_labels[next(iter(predictions.values())).held_out_rows]
    weights = choose_greedy_weights(held_out, labels)
    shares = ", ".join(f"{label} {weights[label]:.2f}" for label in sorted(weights) if weights[label])
    logistic = combine_logistic(held_out, labels, test)
    return [
        Model("baseline", "mean", combine_mean(test), "unweighted mean of the members' probabilities"),
        Model(
            "baseline", "greedy", combine_weighted(test, weights), f"greedy weights (Caruana et al., 2004): {shares}"
        ),
        Model("baseline", "logistic", logistic, "logistic regression on the members' logits"),
        Model("baseline", "best_member", test[best_member], f"{best_member}, best by validation", is_alias=True),
    ]


def find_out(
    models: list[Model], predictions: dict[str, Predictions], labels: np.ndarray, classes: list[str], best_member: str
) -> Findings:
    """Rank the models, and compare the ensemble, if there is one, with each of the others."""
    by_name = {model.name: model for model in models if model.kind != "baseline"}
    against, without = {}, {}
    if "ensemble" in by_name:
        ensemble = by_name["ensemble"].test
        rivals = [by_name[best_member], *(model for model in models if model.kind == "baseline" and not model.is_alias)]
        against = {model.title: compare_models(labels, ensemble, model.test) for model in rivals}
        without = compare_without_each(predictions, labels, ensemble)
    predicted = {label: spread_classes(member.test).argmax(axis=1) for label, member in predictions.items()}
    return Findings(
        standings=rank_models(models, labels, classes),
        classes=classes,
        best_member=best_member,
        against=against,
        without=without,
        pairs=compare_pairs(labels, predicted),
        oracle=count_oracle(labels, predicted),
        is_leaked=any(member.is_leaked for member in predictions.values()),
    )


def compare_without_each(
    predictions: dict[str, Predictions], labels: np.ndarray, ensemble: np.ndarray
) -> dict[str, Comparison]:
    """The ensemble against the one that lacks a member, by that member."""
    test = {label: member.test for label, member in predictions.items()}
    return {
        removed: compare_models(labels, ensemble, spread_classes(apply_meta_weights(weights, test)))
        for removed, weights in load_leave_one_out(list(predictions)).items()
    }


if __name__ == "__main__":
    run_stage(main)
