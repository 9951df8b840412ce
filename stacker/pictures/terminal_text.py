"""What `compare` says on the terminal: the models side by side, the verdict, and where to look. Pure functions."""

from pathlib import Path

from stacker.pictures.tables import align_table
from stacker.pictures.verdict_text import name_ensembles, summarise_leads
from stacker.scoring.leaderboard import Findings


def describe_findings(findings: Findings, where: list[Path]) -> str:
    """The models in the order of the leaderboard, then sentences.

    Args:
        findings: all that `compare` found out.
        where: the files that show more.
    """
    header = ("", "held-out log loss", "test accuracy", "test log loss")
    rows = [
        (model.title, *(f"{value:.4f}" for value in (held_out["log_loss"], scores["accuracy"], scores["log_loss"])))
        for model, held_out, scores in findings.standings
        if not model.is_copy
    ]
    look = f"Look at {' and '.join(map(str, where))}."
    return "\n".join([align_table(header, rows), *_judge(findings), *_tell_skipped(findings), look])


def _tell_skipped(findings: Findings) -> list[str]:
    count = len(findings.skipped)
    return [f"warning: {count:,} photo(s) could not be read and are in no split"] if count else []


def _judge(findings: Findings) -> list[str]:
    names = name_ensembles(list(findings.ensembles))
    verdicts = [
        summarise_leads(names[label], judgement.against)
        for label, judgement in findings.ensembles.items()
        if judgement.against
    ]
    return verdicts or [f"By held-out log loss, {findings.best_member} is the best member."]
