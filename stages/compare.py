"""Compare members, ensembles and simple baselines on the test split, from saved predictions: no network runs.

Reads `data/predictions/`, the labels, the test photos, the manifest and `plots/curves/`; writes
`metrics/leaderboard.md`, `metrics/details/leaderboard.json`, the pictures `plots/*.png`, and `plots/data/*.csv` for the
page of `dvc plots`. What members and ensembles of earlier settings left behind goes first.
"""

from collections.abc import Iterator
from typing import Literal

import numpy as np

from stacker.artifacts.arrays import SPLITS, load_classes, load_fingerprint, load_groups, load_labels
from stacker.artifacts.curves import read_history
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.leftovers import sweep_all
from stacker.artifacts.logits import spread_classes
from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.predictions import (
    EnsemblePredictions,
    Predictions,
    load_all_predictions,
    load_ensemble_predictions,
    load_fused,
)
from stacker.artifacts.results import LEADERBOARD, METRICS, PLOTS
from stacker.artifacts.skipped_photos import read_skipped
from stacker.checks.command import run_stage
from stacker.ensembles.baselines import Baseline, build_baselines
from stacker.ensembles.held_out_rows import gather_held_out
from stacker.ensembles.leave_one_out import load_leave_one_out
from stacker.ensembles.meta_weights import apply_meta_weights
from stacker.ensembles.ordering import order_members
from stacker.pictures.gallery import draw_pictures
from stacker.pictures.leaderboard_text import write_markdown
from stacker.pictures.plot_tables import write_plot_tables
from stacker.pictures.terminal_text import describe_findings
from stacker.scoring.contributions import compare_pairs, count_oracle
from stacker.scoring.doubt import measure_doubt
from stacker.scoring.leaderboard import Findings, Judgement, flatten_findings
from stacker.scoring.model_costs import add_costs, read_cost
from stacker.scoring.reports import write_metrics
from stacker.scoring.rows import (
    Rows,
    load_choice_rows,
    load_split_rows,
    load_test_rows,
    name_choice_rows,
    predict_choice_rows,
)
from stacker.scoring.saved_files import compare_saved_file
from stacker.scoring.scores import compute_summary
from stacker.scoring.significance import Comparison, adjust_comparisons, compare_models
from stacker.scoring.standings import Model, choose_best_member, rank_models
from stacker.settings.reading import read_labels

COMBINATIONS = ("mean", "geometric_mean", "weights", "greedy", "logistic")  # of what all members say
RIVALS = (*COMBINATIONS, "features")  # of the baselines; the most frequent class shows what a score is worth


def main() -> None:
    members, ensembles = read_labels("members"), read_labels("meta_models")
    sweep_all(members, ensembles)
    predictions = load_all_predictions(members)
    predictions = {label: predictions[label] for label in order_members(predictions, load_labels("train"))}
    models, best_member = build_models(predictions, ensembles)
    test = load_test_rows()
    check_lengths(models, len(test.labels))
    findings = find_out(models, best_member, predictions, test)
    write_metrics(LEADERBOARD, flatten_findings(findings))
    with replaced_file(METRICS / "leaderboard.md") as path:
        path.write_text(write_markdown(findings), encoding="utf-8")
    histories = {label: read_history(label) for label in [*ensembles, *members]}
    draw_pictures(findings, test, histories)
    trained = sorted((model for model in models if model.kind != "baseline"), key=lambda model: model.kind)
    write_plot_tables(trained, test.labels, findings.classes, histories)
    if findings.is_leaked:
        print("warning: stacking.fit_on is `train`: no row is held out, and the order is that of the validation split")
    print(describe_findings(findings, [PLOTS / "leaderboard.png", METRICS / "leaderboard.md"]))


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


def build_models(predictions: dict[str, Predictions], ensembles: list[str]) -> tuple[list[Model], str]:
    """Members, ensembles and, where there is something to combine, the simple baselines; and the best member."""
    choice = load_choice_rows(next(iter(predictions.values())))
    members = [build_model("member", label, member, choice) for label, member in predictions.items()]
    models = members + [build_model("ensemble", label, load_ensemble_predictions(label), choice) for label in ensembles]
    best = choose_best_member(members)
    if len(members) > 1:
        together = add_costs(member.cost for member in members)
        models += [
            Model(
                "baseline",
                name,
                compute_summary(choice.labels, held_out, choice.groups),
                test,
                note,
                is_drawn=name in RIVALS,
                cost=together if name in COMBINATIONS else None,
            )
            for name, held_out, test, note in list_baselines(predictions)
        ]
        note = f"{best.name}, by held-out log loss"
        models.append(best._replace(kind="baseline", name="best_member", note=note, is_drawn=False))
    return models, best.name


def list_baselines(predictions: dict[str, Predictions]) -> Iterator[Baseline]:
    """One after the other, so that the held-out probabilities of one alone are in memory."""
    held_out = gather_held_out(predictions, load_labels("train"), load_groups("train"))
    yield from build_baselines(predictions, held_out, load_classes())
    fused = load_fused()
    if fused is not None:
        note = "one logistic regression on the features of all members side by side"
        yield Baseline("features", predict_choice_rows(fused), spread_classes(fused.test), note)


def build_model(
    kind: Literal["member", "ensemble"], label: str, predictions: Predictions | EnsemblePredictions, choice: Rows
) -> Model:
    """A model that was saved; `choice`: the rows that choices are made by."""
    test = load_test_rows()
    is_known = len(predictions.test) == len(test.labels)  # else `check_lengths` will say what is wrong
    return Model(
        kind,
        label,
        compute_summary(choice.labels, predict_choice_rows(predictions), choice.groups),
        spread_classes(predictions.test),
        cost=read_cost(predictions),
        doubt=measure_doubt(predictions, load_labels("validation"), test) if is_known else None,
        saved_file=compare_saved_file(predictions, test) if is_known else None,
    )


def find_out(models: list[Model], best_member: str, predictions: dict[str, Predictions], test: Rows) -> Findings:
    """Rank the models, and compare each ensemble with the others."""
    first, classes = next(iter(predictions.values())), load_classes()
    rivals = [model for model in models if model.kind == "member" and model.name == best_member]
    rivals += [model for model in models if model.kind == "baseline" and model.name in RIVALS]
    ensembles = [model for model in models if model.kind == "ensemble"]
    against = {
        model.name: {rival.title: compare_models(test.labels, model.test, rival.test, test.groups) for rival in rivals}
        for model in ensembles
    }
    adjusted = adjust_comparisons(against)
    counts = np.bincount(test.labels)
    predicted = {label: spread_classes(member.test).argmax(axis=1) for label, member in predictions.items()}
    return Findings(
        standings=rank_models(models, test, classes),
        classes=classes,
        best_member=best_member,
        ensembles={
            model.name: Judgement(adjusted[model.name], judge_removals(model.name, predictions, test))
            for model in ensembles
        },
        pairs=compare_pairs(test.labels, predicted),
        oracle=count_oracle(test.labels, predicted),
        choice_rows=name_choice_rows(first),
        largest_class=(float(counts.max() / counts.sum()), classes[int(counts.argmax())]),
        test_set=load_fingerprint("test"),
        splits={split: load_split_rows(split) for split in SPLITS},
        skipped=read_skipped(),
    )


def judge_removals(ensemble: str, predictions: dict[str, Predictions], test: Rows) -> dict[str, Comparison]:
    """By member, the meta-model with all members against the one that lacks it."""
    logits = {label: member.test for label, member in predictions.items()}
    fits = load_leave_one_out(ensemble, list(predictions))
    answers = {removed: spread_classes(apply_meta_weights(weights, logits)) for removed, weights in fits.items()}
    return {
        removed: compare_models(test.labels, answers[""], answer, test.groups)
        for removed, answer in answers.items()
        if removed
    }


if __name__ == "__main__":
    run_stage(main, __doc__)
