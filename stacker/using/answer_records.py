"""Answers as records, a photo each: what `stacker predict` writes, whatever the format."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from stacker.using.answers import Answered, Answers


def list_records(photos: Sequence[str], answered: Answered, top: int, with_members: bool) -> Iterator[dict[str, Any]]:
    """A record a photo, those that could not be read among them, in their order.

    Args:
        photos: what all photos are called.
        answered: what became of some of them.
        top: how many classes to list, the likely ones first.
        with_members: each member's vote too?

    Returns:
        For each `photo`; `verdict`, `class` and `probability` (of the most likely class), `set_<level>` (names of
        classes), `novelty` (1 is typical of the training photos), `is_novel`, `classes` (`top` of them, name and
        probability), `members` (by label: class and probability) and `reason` (why it could not be read), None where
        there is none.
    """
    places = {row: place for place, row in enumerate(answered.rows)}
    for row in sorted([*answered.rows, *answered.unreadable]):
        if row in places:
            yield {"photo": photos[row], **_describe(answered.answers, places[row], top, with_members), "reason": None}
        else:
            yield {"photo": photos[row], "verdict": None, "reason": answered.unreadable[row]}


def flatten_record(record: dict[str, Any], columns: Sequence[str]) -> dict[str, Any]:
    """The record as one row of a table with these columns; a set of classes becomes a list in JSON's notation."""
    flat = {**record}
    for number, (name, probability) in enumerate(record.get("classes", ()), start=1):
        flat |= {f"class_{number}": name, f"probability_{number}": probability}
    for label, (name, probability) in record.get("members", {}).items():
        flat |= {f"{label}_class": name, f"{label}_probability": probability}
    return {column: flat.get(column) for column in columns}


def list_columns(levels: Sequence[str], top: int, members: Sequence[str]) -> list[str]:
    """The columns of a table of records; one `top` class stands in `class` and `probability` already."""
    ranked = [f"{what}_{number}" for number in range(2, top + 1) for what in ("class", "probability")]
    votes = [f"{label}_{what}" for label in members for what in ("class", "probability")]
    sets = [f"set_{level}" for level in levels]
    return ["photo", "verdict", "class", "probability", *ranked, *votes, *sets, "novelty", "is_novel", "reason"]


def _describe(answers: Answers, row: int, top: int, with_members: bool) -> dict[str, Any]:
    order = np.argsort(-answers.probabilities[row], kind="stable")[:top]
    ranked = [(answers.classes[number], float(answers.probabilities[row, number])) for number in order]
    record: dict[str, Any] = {"verdict": answers.name_verdict(row), "class": ranked[0][0], "probability": ranked[0][1]}
    record |= {f"set_{level}": answers.list_set(row, level) for level in answers.sets}
    record |= {"novelty": float(answers.novelty[row]), "is_novel": bool(answers.is_novel[row]), "classes": ranked}
    if with_members:
        record["members"] = {label: _vote(answers, values[row]) for label, values in answers.members.items()}
    return record


def _vote(answers: Answers, probabilities: np.ndarray) -> tuple[str, float]:
    number = int(probabilities.argmax())
    return answers.classes[number], float(probabilities[number])
