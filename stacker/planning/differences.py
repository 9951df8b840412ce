"""What differs between two documents of settings, a line each: "members.a.training.epochs: 1 -> 2"."""

from collections.abc import Iterator
from typing import Any

import yaml

NOT_SET = "not set"
LONGEST = 60  # characters of a value


def list_differences(old: Any, new: Any, where: str = "") -> Iterator[str]:
    """What `new` says otherwise than `old`, setting by setting.

    Args:
        old: mappings, lists and plain values, as YAML and JSON have them.
        new: the same.
        where: the dotted place of both; empty for whole documents, which are mappings.
    """
    if not (isinstance(old, dict) and isinstance(new, dict)):
        if old != new:
            yield f"{where}: {_write(old)} -> {_write(new)}"
        return
    for key in [*old, *(key for key in new if key not in old)]:
        here = f"{where}.{key}" if where else str(key)
        if key in old and key in new:
            yield from list_differences(old[key], new[key], here)
        else:
            yield f"{here}: {_write_at(old, key)} -> {_write_at(new, key)}"


def _write_at(mapping: dict[Any, Any], key: Any) -> str:
    return _write(mapping[key]) if key in mapping else NOT_SET


def _write(value: Any) -> str:
    """As params.yaml would have it in a line; what is long is cut."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=float("inf"))
    text = text.removesuffix("\n").removesuffix("\n...")
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
