"""What was received in place of a setting's value, and which pitfall of YAML made it so."""

import json
import math
from collections.abc import Sequence
from typing import Any

import yaml

from stacker.settings.expectations import Schema, list_choices
from stacker.settings.yaml_text import Yaml12Loader

LONGEST_VALUE = 60  # characters of a value that one line can hold
NOTHING = ("none", "nil", "null", "off", "")  # words for it in other languages


def show_value(value: Any) -> str:
    """A value in few words, text in quotes."""
    if value is None:
        return "null"
    if isinstance(value, dict):
        return "a block of settings"
    text = json.dumps(value) if isinstance(value, bool | list) else repr(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}..."


def explain_value(value: Any, branches: Sequence[Schema]) -> str:
    """Why `value` is not what its writer meant, in a sentence; empty where nothing is known.

    Args:
        value: what YAML made of the text.
        branches: what its place takes.
    """
    taken = {str(branch.get("type")) for branch in branches if not list_choices(branch)}
    switches = {choice for branch in branches for choice in list_choices(branch)}
    if isinstance(value, str):
        return _explain_text(value, taken, switches)
    if isinstance(value, bool):
        return _explain_switch(value, taken, switches)
    if value is None:
        return _explain_nothing(branches)
    if isinstance(value, float) and not math.isfinite(value):
        return "infinite numbers are refused"
    if isinstance(value, float) and value.is_integer() and "integer" in taken and "number" not in taken:
        return f"a whole number has neither point nor exponent: write {int(value)}"
    if isinstance(value, int | float) and taken == {"string"}:
        return "YAML takes it for a number: put it in quotes"
    if isinstance(value, int | float) and _takes_list_of(value, branches):
        return f"a list has brackets: write [{value}]"
    return ""


def _explain_text(value: str, taken: set[str], switches: set[str]) -> str:
    if "`null`" in switches and value.casefold() in NOTHING:
        return "YAML's word for it is null, without quotes"
    meant = _read_without_quotes(value)
    if f"`{json.dumps(meant)}`" in switches and isinstance(meant, bool) or _fits(meant, taken):
        return f"quotes make it text: write {value} without them"
    number = _read_without_quotes(value.strip("% ").replace(",", ".", 1))
    if isinstance(number, int | float) and taken & {"number", "integer"}:
        share = f"{number / 100:g}" if value.strip().endswith("%") else number
        return f"a number has a decimal point, and no sign of per cent: write {share}"
    if "object" in taken and ":" in value:
        return "is a space missing behind the colon?"
    return ""


def _explain_switch(value: bool, taken: set[str], switches: set[str]) -> str:
    alike = "`on`, `yes` and `true`" if value else "`off`, `no` and `false`"
    if "`null`" in switches and not value:
        return f"YAML reads {alike} alike: write null to switch it off"
    return f"YAML reads {alike} alike" + (": text needs quotes" if "string" in taken else "")


def _explain_nothing(branches: Sequence[Schema]) -> str:
    if any(branch.get("type") == "object" and not branch.get("required") for branch in branches):
        return "write {} for an empty block"
    if any(branch.get("type") == "array" and not branch.get("minItems") for branch in branches):
        return "write [] for an empty list"
    return ""


def _takes_list_of(value: Any, branches: Sequence[Schema]) -> bool:
    return any(_fits(value, {branch.get("items", {}).get("type")}) for branch in branches)


def _fits(value: Any, taken: set[str]) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return (
        (is_number and "number" in taken)
        or (type(value) is int and "integer" in taken)
        or (isinstance(value, list) and "array" in taken)
    )


def _read_without_quotes(text: str) -> Any:
    try:
        return yaml.load(text, Yaml12Loader)  # noqa: S506 - it is a SafeLoader
    except (yaml.YAMLError, ValueError):
        return text
