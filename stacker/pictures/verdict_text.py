"""What the comparisons come to, as plain sentences with their tables: pure functions."""

from collections.abc import Mapping, Sequence

from stacker.pictures.tables import build_table
from stacker.scoring.contributions import describe_removal, format_p_value
from stacker.scoring.leaderboard import Findings
from stacker.scoring.significance import LEVEL, Comparison


def judge_ensembles(findings: Findings) -> str:
    """Is an ensemble better than its rivals?"""
    names = name_ensembles(list(findings.ensembles))
    return "\n\n".join(
        judge_ensemble(names[label], judgement.against, findings.n)
        for label, judgement in findings.ensembles.items()
        if judgement.against
    )


def name_ensembles(labels: Sequence[str]) -> dict[str, str]:
    """By label what an ensemble is called in a sentence: the only one is "the ensemble"."""
    return {label: label if len(labels) > 1 else "the ensemble" for label in labels}


def judge_ensemble(name: str, against: Mapping[str, Comparison], n: int) -> str:
    """Is one ensemble better than its rivals? Arguments as in `describe_lead`, by the rival's title."""
    header = (
        "against",
        f"only {name} right",
        "only the other right",
        "p",
        "Holm",
        "log loss difference",
        "95 % interval",
    )
    rows = [(title, *_show_comparison(comparison, is_adjusted=True)) for title, comparison in against.items()]
    sentences = [f"- {describe_lead(name, _name_rival(title), comparison, n)}" for title, comparison in against.items()]
    explanation = (
        "p: exact McNemar test, two-sided, a vote a photo and its copies; beside it after Holm's correction over all "
        "comparisons of ensembles on this leaderboard, which decides what is called significant. Log loss difference: "
        "the ensemble's less the other's, less than 0 is better; interval by paired bootstrap over the photos, told "
        "apart after Holm's correction too."
    )
    summary = summarise_leads(name, against)
    return "\n\n".join((f"## Is {name} better?", summary, "\n".join(sentences), build_table(header, rows), explanation))


def summarise_leads(name: str, against: Mapping[str, Comparison]) -> str:
    """Of which others an ensemble is ahead, behind, or not told apart, by log loss or by photos: in a sentence."""
    places: dict[str, list[str]] = {"ahead of": [], "behind": [], "not told apart from": []}
    for title, comparison in against.items():
        leads = []
        if comparison.adjusted_loss_p_value < LEVEL:
            leads.append(comparison.loss_difference < 0)
        if comparison.adjusted_p_value < LEVEL:
            leads.append(comparison.net > 0)
        place = "not told apart from" if not leads or len(set(leads)) > 1 else "ahead of" if leads[0] else "behind"
        places[place].append(title.removeprefix("baseline: "))
    parts = [f"{place} {', '.join(titles)}" for place, titles in places.items() if titles]
    return f"By log loss or by photos, {name} is {'; '.join(parts)}."


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
    verdict = "a significant difference" if comparison.adjusted_p_value < LEVEL else "no significant difference"
    if comparison.adjusted_loss_p_value >= LEVEL:
        loss = "not told apart from the other's"
    else:
        loss = "higher, and so worse" if comparison.loss_difference > 0 else "lower, and so better"
    return (
        f"Of {n:,} photos, {name} gets {count} {other}: {verdict} at 5 % "
        f"({comparison.gained:,} against {comparison.lost:,}, {format_p_value(comparison.adjusted_p_value)} by Holm). "
        f"Its log loss is {loss} ({comparison.loss_difference:+.4f}, 95 % {comparison.loss_low:+.4f} to "
        f"{comparison.loss_high:+.4f})."
    )


def _name_rival(title: str) -> str:
    """A rival's title as a part of a sentence."""
    if title.startswith("baseline: "):
        return f"the {title.replace(':', '')}"
    return f"{title}, the best member by held-out log loss"


def judge_members(findings: Findings) -> str:
    """What each member adds, and how much the members differ."""
    if not findings.pairs:
        return ""
    parts = ["## What each member adds"]
    for label, judgement in findings.ensembles.items():
        if judgement.without:
            parts += [f"### To {label}"] if len(findings.ensembles) > 1 else []
            parts += judge_removals(judgement.without, findings.n)
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
    return "\n\n".join([*parts, build_table(pair_header, pair_rows)])


def judge_removals(without: Mapping[str, Comparison], n: int) -> list[str]:
    """What a meta-model loses by lacking a member, by that member, as paragraphs; `n`: number of test rows."""
    header = ("without", "only with it right", "only without it right", "p", "log loss difference", "95 % interval")
    rows = [(member, *_show_comparison(value)) for member, value in sorted(without.items())]
    sentences = [f"- {describe_removal(row[0], without[row[0]], n)}" for row in rows]
    method = (
        "Each time a meta-model is fitted to its optimum, with the member and without, so that no seed's luck decides; "
        "less than 0: better with the member. Not corrected for the number of comparisons."
    )
    return ["\n".join(sentences), build_table(header, rows), method]


def _show_comparison(comparison: Comparison, is_adjusted: bool = False) -> tuple[str, ...]:
    p_values = (comparison.p_value, comparison.adjusted_p_value)
    return (
        f"{comparison.gained:,}",
        f"{comparison.lost:,}",
        *(format_p_value(value).removeprefix("p ").removeprefix("= ") for value in p_values[: 1 + is_adjusted]),
        f"{comparison.loss_difference:+.4f}",
        f"{comparison.loss_low:+.4f} to {comparison.loss_high:+.4f}",
    )
