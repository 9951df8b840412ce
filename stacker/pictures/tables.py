"""Tables in markdown."""

import html
import re
from collections.abc import Iterable, Sequence
from typing import Any

LONGEST = 60  # characters of a name in a text


def build_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of cells as text; a `|` in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def escape_name(name: str) -> str:
    """A name that people gave, such as a class's, as it may stand in markdown, shortened where it is long."""
    line = " ".join(name.split())
    return escape_text(line if len(line) <= LONGEST else line[: LONGEST - 1] + "…")


def escape_text(text: str) -> str:
    """Text in one line that is shown as it is, whatever it looks like to Markdown or HTML.

    Line breaks and control characters become spaces. A `|` means something in tables alone: `build_table` escapes it;
    a `_` inside a word means nothing.
    """
    line = re.sub(r"[\s\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]+", " ", text).strip()
    return re.sub(r"([\\`*\[\]~$]|(?<!\w)_|_(?!\w))", r"\\\1", html.escape(line, quote=False))


def align_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table for a terminal: the first column to the left, the others, numbers, to the right."""
    lines = [header, *rows]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    cells = [[line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])] for line in lines]
    return "\n".join("  ".join(line) for line in cells)
