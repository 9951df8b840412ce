"""Names that are nearly what was written."""

import difflib
from collections.abc import Iterable


def find_near(name: str, known: Iterable[str], cutoff: float = 0.6) -> list[str]:
    """Up to three of `known` that look like `name`, the nearest first; capital letters do not count."""
    folded = {one.casefold(): one for one in known}
    return [folded[match] for match in difflib.get_close_matches(name.casefold(), folded, cutoff=cutoff)]


def list_or(words: Iterable[str]) -> str:
    """Such as "a, b or c"."""
    return _list(words, "or")


def list_and(words: Iterable[str]) -> str:
    """Such as "a, b and c"."""
    return _list(words, "and")


def _list(words: Iterable[str], last_joint: str) -> str:
    *most, last = words
    return f"{', '.join(most)} {last_joint} {last}" if most else last
