"""What pydantic found wrong, in the words of who wrote `params.yaml`: the setting, what it takes, what was received."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from stacker.settings.expectations import Grammar, Place
from stacker.settings.near_names import list_and
from stacker.settings.pitfalls import explain_value, show_value
from stacker.settings.sections import LABEL_RULE
from stacker.settings.unknown_keys import explain_unknown, is_mistyped
from stacker.settings.unsupported import find_unsupported_value

# What an empty block does not say.
EXAMPLES = {
    "backend": "tensorflow",
    "data": "{images: photos}",
    "members": "{mobilenet_v2: {backbone: MobileNetV2}}",
}


def explain_problems(
    problems: Sequence[ErrorDetails], grammar: Grammar, value: Any, locate: Callable[[Place], Place]
) -> list[str]:
    """A line for each mistake, however often pydantic met it: for every branch of a union, for every member.

    Args:
        problems: what pydantic found in `value`.
        grammar: what `value` may be.
        value: the block, or the whole file.
        locate: for a place in `value`, where that stands in the file.
    """
    unknown = [find_place(problem, value) for problem in problems if problem["type"] == "extra_forbidden"]
    told: dict[Place, str] = {}
    for problem in problems:
        place = find_place(problem, value)
        if problem["type"] == "missing" and is_mistyped(place, unknown):
            continue  # one mistake, which the unknown key beside it tells
        where = locate(place)[:-1] if problem["type"] == "invalid_key" else locate(place)
        if where not in told:
            told[where] = _explain_one(problem, place, where, grammar, value)
    return _list_lines(told)


def find_place(problem: ErrorDetails, value: Any) -> Place:
    """Where in `value` a problem is: its location without the branches that pydantic names in it."""
    is_missing = problem["type"] == "missing"
    kept: Place = ()
    for number, part in enumerate(problem["loc"]):
        if isinstance(value, list) and isinstance(part, int):
            kept, value = (*kept, part), value[part]
        elif isinstance(value, dict) and (part in value or (is_missing and number == len(problem["loc"]) - 1)):
            kept, value = (*kept, part), value.get(part)
    if problem["type"].startswith("union_tag"):
        kept = (*kept, problem["ctx"]["discriminator"].strip("'"))
    return kept


def explain_missing_block(name: str) -> str:
    """What to add where the file lacks the block `name`."""
    kind = "setting" if name == "backend" else "block"  # DVC tracks them whole, and stops where one is absent
    example = EXAMPLES.get(name)
    advice = f"{example}`, for example" if example else "{}`, which takes every default"
    return f"this {kind} is missing: add `{name}: {advice}"


def _explain_one(problem: ErrorDetails, place: Place, where: Place, grammar: Grammar, value: Any) -> str:
    kind, received = problem["type"], problem["input"]
    if kind == "extra_forbidden":
        return explain_unknown(where, grammar.find_branches(place[:-1], value), _get(value, place[:-1]), grammar)
    if kind == "invalid_key":
        return f"a key is text; received {_add_advice(received, explain_value(received, [{'type': 'string'}]))}"
    if problem["loc"][-1:] == ("[key]",):
        return f"{LABEL_RULE}; received {show_value(received)}"
    if kind == "value_error":
        told = "" if isinstance(received, dict) else f"; received {show_value(received)}"
        return f"{problem['msg'].removeprefix('Value error, ')}{told}"
    branches = grammar.find_branches(place, value)
    if kind in ("missing", "union_tag_not_found"):
        if len(where) == 1:
            return explain_missing_block(str(where[0]))
        return f"this setting is missing: expected {grammar.describe(branches)}"
    if kind == "union_tag_invalid":
        received = _get(value, place)
    key = str(where[-1])
    advice = find_unsupported_value(key, received) or explain_value(received, branches)
    if any(key in branch.get("properties", {}) for branch in branches):  # such as `cross_validation: {folds: 5}`
        advice = f"a label is missing above it: write {where[-2]}: {{<label>: {{{key}: ...}}}}"
    return f"expected {grammar.describe(branches)}; received {_add_advice(received, advice)}"


def _add_advice(received: Any, advice: str) -> str:
    return f"{show_value(received)} ({advice})" if advice else show_value(received)


def _list_lines(told: Mapping[Place, str]) -> list[str]:
    """A line for each place; what is wrong with several members in the same words is one mistake."""
    lines: dict[tuple[Place | None, str], list[str]] = {}
    for where, message in told.items():
        is_member = where[:1] == ("members",) and len(where) == 2
        lines.setdefault((None if is_member else where, message), []).append(".".join(map(str, where)) or "the file")
    return [f"{list_and(places)}: {message}" for (_, message), places in lines.items()]


def _get(value: Any, place: Place) -> Any:
    for part in place:
        value = value[part]
    return value
