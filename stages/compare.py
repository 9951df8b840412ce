"""Compare members, ensembles and simple baselines on the test split, from saved predictions: no network runs.

Reads `data/predictions/`, the labels, the test photos, the manifest and `plots/curves/`; writes
`metrics/leaderboard.json`, `metrics/leaderboard.md` and the pictures `plots/*.png`. What members and ensembles of
earlier settings left behind goes first.
"""

import numpy as np

from stacker.artifacts.arrays import load_classes, load_labels
from stacker.artifacts.curves import read_history
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.leftovers import sweep_all
from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.predictions import Predictions, load_all_predictions, load_ensemble_predictions, spread_classes
from stacker.artifacts.results import METRICS
from stacker.checks.command import run_stage
from stacker.ensembles.combining import choose_greedy_weights, combine_logistic, combine_mean, combine_weighted
from stacker.ensembles.leave_one_out import apply_meta_weights, load_leave_one_out
from stacker.ensembles.ordering import order_members
from stacker.pictures.gallery import draw_pictures
from stacker.pictures.leaderboard_text import write_markdown
from stacker.scoring.contributions import compare_pairs, count_oracle
from stacker.scoring.leaderboard import Findings, Judgement, flatten_findings
from stacker.scoring.reports import write_metrics
from stacker.scoring.significance import compare_models
from stacker.scoring.standings import Model, choose_best_member, rank_models
from stacker.settings.reading import read_labels


def main() -> None:
    members, ensembles = read_labels("members"), read_labels("meta_models")
    sweep_all(members, ensembles)
    predictions = load_all_predictions(members)
    predictions = {label: predictions[label] for label in order_members(predictions)}  # so that names decide no tie
    labels, classes = load_labels("test"), load_classes()
    validation = {label: spread_classes(member.validation) for label, member in predictions.items()}
    best_member = choose_best_member(validation, load_labels("validation"))
    models = [Model("member", label, spread_classes(member.test)) for label, member in predictions.items()]
    if len(members) > 1:
        models += build_baselines(predictions, load_labels("train"), best_member)
    models += [Model("ensemble", label, spread_classes(load_ensemble_predictions(label).test)) for label in ensembles]
    check_lengths(models, len(labels))
    findings = find_out(models, predictions, labels, classes, best_member)
    write_metrics(METRICS / "leaderboard.json", flatten_findings(findings))
    with replaced_file(METRICS / "leaderboard.md") as path:
        path.write_text(write_markdown(findings), encoding="utf-8")
    draw_pictures(findings, labels, {label: read_history(label) for label in [*members, *ensembles]})
    for model, scores in findings.standings:
        print(f"{model.title}: accuracy {scores['accuracy']:.4f}, log loss {scores['log_loss']:.4f}")


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
    """Rank the models, and compare each ensemble with the others."""
    rivals = [model for model in models if model.kind == "member" and model.name == best_member]
    rivals += [model for model in models if model.kind == "baseline" and not model.is_alias]
    predicted = {label: spread_classes(member.test).argmax(axis=1) for label, member in predictions.items()}
    ensembles = [model for model in models if model.kind == "ensemble"]
    return Findings(
        standings=rank_models(models, labels, classes),
        classes=classes,
        best_member=best_member,
        ensembles={model.name: judge(model, rivals, predictions, labels) for model in ensembles},
        pairs=compare_pairs(labels, predicted),
        oracle=count_oracle(labels, predicted),
        is_leaked=any(member.is_leaked for member in predictions.values()),
    )


def judge(ensemble: Model, rivals: list[Model], predictions: dict[str, Predictions], labels: np.ndarray) -> Judgement:
    """An ensemble against its rivals, and against those that lack a member."""
    test = {label: member.test for label, member in predictions.items()}
    without = load_leave_one_out(ensemble.name, list(predictions))
    return Judgement(
        {rival.title: compare_models(labels, ensemble.test, rival.test) for rival in rivals},
        {
            removed: compare_models(labels, ensemble.test, spread_classes(apply_meta_weights(weights, test)))
            for removed, weights in without.items()
        },
    )


if __name__ == "__main__":
    run_stage(main, __doc__)
