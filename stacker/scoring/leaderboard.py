"""All that `compare` found out, and the same as flat metrics, which `dvc metrics diff` shows well: pure functions."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np

from stacker.scoring.contributions import Pair
from stacker.scoring.rows import Rows
from stacker.scoring.significance import Comparison
from stacker.scoring.standings import Standing

SPLITS_KEY = "splits"
COUNTS = ("n", "groups", "recall")  # said once, or in a key a class


class Judgement(NamedTuple):
    """One ensemble against others.

    Attributes:
        against: against other models, by the other's title.
        without: against the one that lacks a member, by that member.
    """

    against: Mapping[str, Comparison]
    without: Mapping[str, Comparison]


class Findings(NamedTuple):
    """All that `compare` found out.

    Attributes:
        standings: the leaderboard, best first, by held-out log loss.
        classes: the class names.
        best_member: by held-out log loss.
        ensembles: by label, each ensemble against others.
        pairs: the members side by side.
        oracle: how many test rows at least one member gets right.
        choice_rows: where the rows that choices are made by come from, "oof", "holdout", or "validation": then members
            predicted rows that they had learnt, for the meta-model and the baselines to learn from.
        largest_class: its share of the test split, 0 to 1, and its name.
        test_set: fingerprint of the test split: scores of two runs compare where it is equal.
        splits: by name, the rows of each split.
        skipped: photos that could not be read and are in no split: by path, why.
    """

    standings: Sequence[Standing]
    classes: Sequence[str]
    best_member: str
    ensembles: Mapping[str, Judgement]
    pairs: Sequence[Pair]
    oracle: int
    choice_rows: str
    largest_class: tuple[float, str]
    test_set: str
    splits: Mapping[str, Rows]
    skipped: Mapping[str, str] = MappingProxyType({})

    @property
    def is_leaked(self) -> bool:
        """Have meta-model and baselines learnt from leaked predictions?"""
        return self.choice_rows == "validation"

    @property
    def n(self) -> int:
        """Number of test rows."""
        return int(self.standings[0].scores["n"])


def flatten_findings(findings: Findings) -> dict[str, Any]:
    """One number a key; a value that is undefined has no key."""
    values: dict[str, Any] = {
        "test_set": findings.test_set,
        "heldout_rows": findings.choice_rows,
        "n": findings.n,
        "groups": findings.standings[0].scores["groups"],
        "leaked": findings.is_leaked,
        "best_member": findings.best_member,
    }
    if findings.skipped:
        values["skipped"] = len(findings.skipped)
    for model, held_out, scores in sorted(findings.standings, key=lambda standing: standing.model.key):
        values |= {f"{model.key}.heldout.{name}": value for name, value in held_out.items() if name not in COUNTS}
        values |= {f"{model.key}.test.{name}": value for name, value in scores.items() if name not in COUNTS}
        values |= {f"{model.key}.test.recall.{name}": value for name, value in scores["recall"].items()}
        values |= _flatten_doubt(model.key, model.doubt or {})
        if model.cost is not None:
            values |= {f"{model.key}.cost.{name}": value for name, value in model.cost._asdict().items()}
    for label, judgement in sorted(findings.ensembles.items()):
        for title, comparison in judgement.against.items():
            rival = "best_member" if title == findings.best_member else title.replace("baseline: ", "baselines.")
            values |= _flatten_comparison(f"{label}_against.{rival}", comparison)
        for member, comparison in sorted(judgement.without.items()):
            values |= _flatten_comparison(f"{label}_without.{member}", comparison)
    for pair in findings.pairs:
        key = f"pairs.{pair.first}.{pair.second}"
        values |= {f"{key}.{name}": value for name, value in pair._asdict().items() if name not in ("first", "second")}
    values["oracle.accuracy"] = findings.oracle / findings.n
    for name, rows in findings.splits.items():
        values |= _count_split(f"{SPLITS_KEY}.{name}", rows, findings.classes)
    return {key: value for key, value in values.items() if value is not None}


def _count_split(key: str, rows: Rows, classes: Sequence[str]) -> dict[str, int]:
    counts = np.bincount(rows.labels, minlength=len(classes))
    whole = {f"{key}.n": len(rows.labels), f"{key}.groups": len(np.unique(rows.groups))}
    return whole | {f"{key}.of.{name}": int(count) for name, count in zip(classes, counts, strict=True)}


def _flatten_doubt(key: str, doubt: Mapping[str, Any]) -> dict[str, float]:
    """A level becomes a percentage: a dot in it would cut the key in two."""
    sets = {f"sets_{float(level):.0%}".rstrip("%"): found for level, found in doubt.get("sets", {}).items()}
    parts = sets | ({"novelty": doubt["novelty"]} if "novelty" in doubt else {})
    return {f"{key}.{part}.{name}": value for part, found in parts.items() for name, value in found.items()}


def _flatten_comparison(key: str, comparison: Comparison) -> dict[str, float]:
    return {f"{key}.{name}": value for name, value in comparison._asdict().items()}
