"""The leaderboard for people, as markdown: pure functions."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from stacker.scoring.contributions import describe_removal, format_p_value
from stacker.scoring.leaderboard import Findings
from stacker.scoring.scores import CALIBRATION_BINS
from stacker.scoring.significance import Comparison
from stacker.scoring.standings import Standing

COLUMNS = {
    "log_loss": "log loss",
    "brier": "Brier",
    "roc_auc": "ROC AUC",
    "average_precision": "average precision",
    "f1": "F1",
    "calibration_error": "calibration error",
}


def write_markdown(findings: Findings) -> str:
    """The whole report, fit for a pull-request comment."""
    parts = [
        "# Leaderboard",
        f"{findings.n:,} test photos, {len(findings.classes)} classes; ranked by accuracy, with its 95 % Wilson "
        "interval. Lower is better for log loss (nats), Brier score and calibration error (of the predicted class, "
        f"{CALIBRATION_BINS} bins of equal width).",
        _warn_of_leaks(findings),
        _tabulate_scores(findings.standings),
        _list_notes(findings.standings),
        _judge_ensembles(findings),
        _judge_members(findings),
        "## Recall of each class",
        _tabulate_recalls(findings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _warn_of_leaks(findings: Findings) -> str:
    if not findings.is_leaked:
        return ""
    return (
        "> **Leaked predictions.** `stacking.fit_on` is `train`: the ensemble and the baselines that learn (greedy, "
        "logistic) learnt from predictions on rows that the members had been trained on. For comparison only; "
        "`oof` and `holdout` are honest."
    )


def _tabulate_scores(standings: Sequence[Standing]) -> str:
    header = ("", "model", "accuracy", "95 % interval", "right", *COLUMNS.values())
    rows = [
        (
            number,
            f"**{model.title}**" if model.kind == "ensemble" else model.title,
            f"{scores['accuracy']:.4f}",
            f"{scores['accuracy_low']:.4f} to {scores['accuracy_high']:.4f}",
            f"{round(scores['accuracy'] * scores['n']):,}",
            *(f"{scores[name]:.4f}" for name in COLUMNS),
        )
        for number, (model, scores) in enumerate(standings, start=1)
    ]
    return _build_table(header, rows)


def _list_notes(standings: Sequence[Standing]) -> str:
    return "\n".join(
        f"- {standing.model.title}: {standing.model.note}" for standing in standings if standing.model.note
    )


def _judge_ensembles(findings: Findings) -> str:
    names = name_ensembles(list(findings.ensembles))
    return "\n\n".join(
        _judge_ensemble(names[label], judgement.against, findings.n)
        for label, judgement in findings.ensembles.items()
        if judgement.against
    )


def name_ensembles(labels: Sequence[str]) -> dict[str, str]:
    """By label what an ensemble is called in a sentence: the only one is "the ensemble"."""
    return {label: label if len(labels) > 1 else "the ensemble" for label in labels}


def _judge_ensemble(name: str, against: Mapping[str, Comparison], n: int) -> str:
    header = ("against", f"only {name} right", "only the other right", "p", "log loss difference", "95 % interval")
    rows = [(title, *_show_comparison(comparison)) for title, comparison in against.items()]
    sentences = [f"- {describe_lead(name, _name_rival(title), comparison, n)}" for title, comparison in against.items()]
    explanation = (
        "p: exact McNemar test, two-sided, not corrected for the number of comparisons. Log loss difference: the "
        "ensemble's less the other's, so that less than 0 is better; interval by paired bootstrap over the photos."
    )
    return "\n\n".join((f"## Is {name} better?", "\n".join(sentences), _build_table(header, rows), explanation))


def describe_lead(name: str, other: str, comparison: Comparison, n: int) -> str:
    """An ensemble against another model, as plain sentences; a loss is said as plainly as a win.

    Args:
        name: of the ensemble, as `name_ensembles` gives it.
        other: the other model, as a part of a sentence.
        comparison: the ensemble against the other.
        n: number of test rows.
    """
    word = "more" if comparison.net > 0 else "fewer"
    count = f"{abs(comparison.net):,} {word} right than" if comparison.net else "as many right as"
    verdict = "a significant difference" if comparison.p_value < 0.05 else "no significant difference"
    if comparison.loss_low > 0:
        loss = "higher, and so worse"
    elif comparison.loss_high < 0:
        loss = "lower, and so better"
    else:
        loss = "not told apart from the other's"
    return (
        f"Of {n:,} photos, {name} gets {count} {other}: {verdict} at 5 % "
        f"({comparison.gained:,} against {comparison.lost:,}, {format_p_value(comparison.p_value)}). Its log loss is "
        f"{loss} ({comparison.loss_difference:+.4f}, 95 % {comparison.loss_low:+.4f} to {comparison.loss_high:+.4f})."
    )


def _name_rival(title: str) -> str:
    """A rival's title as a part of a sentence."""
    if title.startswith("baseline: "):
        return f"the {title.replace(':', '')}"
    return f"{title}, the best member by validation"


def _judge_members(findings: Findings) -> str:
    if not findings.pairs:
        return ""
    parts = ["## What each member adds"]
    for label, judgement in findings.ensembles.items():
        if judgement.without:
            parts += [f"### To {label}"] if len(findings.ensembles) > 1 else []
            parts += _judge_removals(judgement.without, findings.n)
    parts.append(
        f"At least one member is right on {findings.oracle:,} of {findings.n:,} photos "
        f"({findings.oracle / findings.n:.4f}): no choice among their votes can do better."
    )
    pair_header = ("members", "error correlation", "disagreement", "both wrong")
    pair_rows = [
        (
            f"{pair.first}, {pair.second}",
            "undefined" if pair.error_correlation is None else f"{pair.error_correlation:.3f}",
            f"{pair.disagreement:.4f}",
            f"{pair.both_wrong:,}",
        )
        for pair in findings.pairs
    ]
    return "\n\n".join([*parts, _build_table(pair_header, pair_rows)])


def _judge_removals(without: Mapping[str, Comparison], n: int) -> list[str]:
    header = ("without", "only with it right", "only without it right", "p", "log loss difference", "95 % interval")
    rows = [(member, *_show_comparison(value)) for member, value in sorted(without.items())]
    sentences = [f"- {describe_removal(row[0], without[row[0]], n)}" for row in rows]
    method = "Each time the meta-model is fitted anew; less than 0: the ensemble is better with the member."
    return ["\n".join(sentences), _build_table(header, rows), method]


def _tabulate_recalls(findings: Findings) -> str:
    rows = [
        (standing.model.title, *(f"{value:.4f}" for value in standing.scores["recall"].values()))
        for standing in findings.standings
    ]
    return _build_table(("model", *findings.classes), rows)


def _show_comparison(comparison: Comparison) -> tuple[str, ...]:
    return (
        f"{comparison.gained:,}",
        f"{comparison.lost:,}",
        format_p_value(comparison.p_value).removeprefix("p ").removeprefix("= "),
        f"{comparison.loss_difference:+.4f}",
        f"{comparison.loss_low:+.4f} to {comparison.loss_high:+.4f}",
    )


def _build_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
