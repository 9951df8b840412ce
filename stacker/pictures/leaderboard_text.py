"""The leaderboard for people, as markdown: pure functions."""

from collections.abc import Mapping, Sequence

import numpy as np

from stacker.pictures.doubt_text import describe_doubts
from stacker.pictures.saved_file_text import describe_saved_files
from stacker.pictures.tables import build_table, escape_name, escape_text
from stacker.pictures.verdict_text import judge_ensembles, judge_members
from stacker.scoring.leaderboard import Findings
from stacker.scoring.reports import count_photos
from stacker.scoring.scores import CALIBRATION_BINS
from stacker.scoring.standings import Model, Standing

COLUMNS = {
    "balanced_accuracy": "balanced accuracy",
    "brier": "Brier",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "f1": "F1",
    "calibration_error": "calibration error",
}


HELD_OUT = {"held-out log loss": "log_loss", "held-out accuracy": "accuracy"}
COSTS = ("parameters", "file", "GFLOP")
LARGEST_SHARE = 0.8  # of one class; beyond it accuracy is the wrong measure
MOST_CLASSES = 20  # in the table of recalls
MOST_SKIPPED = 5  # photos that are named


def write_markdown(findings: Findings) -> str:
    """The whole report, fit for a pull-request comment."""
    findings = findings._replace(standings=[standing for standing in findings.standings if not standing.model.is_copy])
    parts = [
        "# Leaderboard",
        _introduce(findings),
        _warn_of_leaks(findings),
        _warn_of_skipped(findings),
        _warn_of_rare_classes(findings),
        _tabulate_standings(findings.standings, findings.best_member),
        _list_notes(findings.standings),
        "## More scores of the test photos",
        "Lower is better for the Brier score and the calibration error (of the predicted class, "
        f"{CALIBRATION_BINS} bins of equal width).",
        _tabulate_scores(findings.standings),
        describe_doubts(findings.standings),
        describe_saved_files(findings.standings),
        judge_ensembles(findings),
        judge_members(findings),
        "## Recall of each class",
        *_tabulate_recalls(findings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _warn_of_leaks(findings: Findings) -> str:
    if not findings.is_leaked:
        return ""
    return (
        "> **Leaked predictions.** `stacking.fit_on` is `train`: the ensemble and the baselines that learn (greedy, "
        "logistic) learnt from predictions on rows that the members had been trained on. For comparison only; "
        "`oof` and `holdout` are honest. The held-out columns are of the validation split, as no row was held out; it "
        "has also steered early stopping."
    )


def _warn_of_skipped(findings: Findings) -> str:
    if not findings.skipped:
        return ""
    named = [f"{escape_name(path)} ({escape_text(reason)})" for path, reason in findings.skipped.items()]
    rest = f"; and {len(named) - MOST_SKIPPED:,} more" if len(named) > MOST_SKIPPED else ""
    return (
        f"> **{len(named):,} of the photos could not be read** and were skipped, as `data.unreadable: skip` says: "
        f"{'; '.join(named[:MOST_SKIPPED])}{rest}. `data/arrays/manifest.csv` lists all."
    )


def _introduce(findings: Findings) -> str:
    scores = findings.standings[0].scores
    classes = len(findings.classes)
    return (
        f"{count_photos(scores, 'test photos')} (test set {findings.test_set}), {classes:,} classes. In the order of "
        "the held-out log loss (nats, lower is better): by it one chooses (★: the best member by it). The test columns "
        "say how good the choice is; to choose by them would make them too good. Accuracy with its 95 % interval "
        "(Wilson's; copies of a photo count as what they are). GFLOP: billions of operations for a photo, two for a "
        "multiply-add; combinations of all members have the members' sum."
    )


def _warn_of_rare_classes(findings: Findings) -> str:
    share, name = findings.largest_class
    if share <= LARGEST_SHARE:
        return ""
    return (
        f"> **Accuracy says little here.** {share:.1%} of the test photos are {escape_name(name)}: to always say so is "
        "that accurate. Look at balanced accuracy, log loss, and the recall of each class."
    )


def _tabulate_standings(standings: Sequence[Standing], best_member: str) -> str:
    header = ("", "model", *HELD_OUT, "accuracy", "95 % interval", "right", "log loss", *COSTS)
    rows = [
        (
            number,
            _name_model(standing.model) + (" ★" if standing.model.title == best_member else ""),
            *(f"{standing.held_out[name]:.4f}" for name in HELD_OUT.values()),
            f"{standing.scores['accuracy']:.4f}",
            f"{standing.scores['accuracy_low']:.4f} to {standing.scores['accuracy_high']:.4f}",
            f"{round(standing.scores['accuracy'] * standing.scores['n']):,}",
            f"{standing.scores['log_loss']:.4f}",
            *(standing.model.cost.shown if standing.model.cost else [""] * len(COSTS)),
        )
        for number, standing in enumerate(standings, start=1)
    ]
    return build_table(header, rows)


def _tabulate_scores(standings: Sequence[Standing]) -> str:
    rows = [
        (_name_model(standing.model), *(f"{standing.scores[name]:.4f}" for name in COLUMNS)) for standing in standings
    ]
    return build_table(("model", *COLUMNS.values()), rows)


def _name_model(model: Model) -> str:
    return f"**{model.title}**" if model.kind == "ensemble" else model.title


def _list_notes(standings: Sequence[Standing]) -> str:
    return "\n".join(
        f"- {standing.model.title}: {escape_text(standing.model.note)}" for standing in standings if standing.model.note
    )


def _tabulate_recalls(findings: Findings) -> list[str]:
    recalls = {standing.model.title: standing.scores["recall"] for standing in findings.standings}
    classes = list(findings.classes)
    if len(classes) <= MOST_CLASSES:
        return [build_table(("class", *recalls), (_show_recalls(recalls, name) for name in classes))]
    classes.sort(key=lambda name: sum(scores[name] for scores in recalls.values()))
    worst = classes[:MOST_CLASSES]
    unseen = sum(not any(scores[name] for scores in recalls.values()) for name in classes)
    first, scores = next(iter(recalls.items()))
    low, middle, high = np.quantile(list(scores.values()), (0.1, 0.5, 0.9))
    return [
        f"The {MOST_CLASSES} of {len(classes):,} classes that are recognised least; all are in "
        f"`metrics/details/<model>.json`. No model recognises any photo of {unseen:,} classes. Of {first}, half of the "
        f"classes have a recall of {middle:.4f} or more, one in ten {low:.4f} or less, one in ten {high:.4f} or more.",
        build_table(("class", *recalls), (_show_recalls(recalls, name) for name in worst)),
    ]


def _show_recalls(recalls: Mapping[str, Mapping[str, float]], name: str) -> list[str]:
    return [escape_name(name), *(f"{scores[name]:.4f}" for scores in recalls.values())]
