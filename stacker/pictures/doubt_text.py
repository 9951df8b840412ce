"""What models say where they are in doubt, for people, as markdown: pure functions."""

from collections.abc import Sequence
from typing import Any

from stacker.pictures.tables import build_table
from stacker.scoring.standings import Standing


def describe_doubts(standings: Sequence[Standing]) -> str:
    """Do prediction sets keep their promise, and how many test photos are called novel? Empty without such models."""
    doubts = {standing.model.title: standing.model.doubt for standing in standings if standing.model.doubt is not None}
    if not doubts:
        return ""
    first = next(iter(doubts.values()))
    levels = list(first["sets"])
    header = ["model", *(f"{float(level):.0%}: right class in the set, mean size" for level in levels), "called novel"]
    rows = [
        (title, *(_show_set(doubt["sets"][level]) for level in levels), _show_novelty(doubt))
        for title, doubt in doubts.items()
    ]
    return "\n\n".join(("## In doubt", _explain(first["thresholds_from"]), build_table(header, rows)))


def _show_set(found: dict[str, float]) -> str:
    interval = f"{found['coverage_low']:.4f} to {found['coverage_high']:.4f}"
    return f"{found['coverage']:.4f} ({interval}), {found['mean_size']:.2f}"


def _show_novelty(doubt: Any) -> str:
    if "novelty" not in doubt:
        return "too few photos to say"
    novelty = doubt["novelty"]
    return f"{novelty['share']:.4f} ({novelty['share_low']:.4f} to {novelty['share_high']:.4f})"


def _explain(source: dict[str, Any]) -> str:
    watched = (
        " Early stopping has looked at these photos too, so that the thresholds are a little too kind."
        if source["watched_by_early_stopping"]
        else ""
    )
    return (
        "A prediction set holds the classes that a model does not rule out (split conformal prediction, the likely "
        f"class always in it), with thresholds from the {source['n']:,} photos of the validation split, which no model "
        f"has learnt.{watched} Of the test photos, the share whose set has the right class, with its 95 % interval, "
        "is to be no less than the level says. *Called novel* are test photos that a model takes to be unlike its "
        "training photos; as these are like them, they are false alarms, about one in fifty."
    )
