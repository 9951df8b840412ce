"""Tables in markdown."""

from collections.abc import Iterable, Sequence
from typing import Any


def build_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table of cells as text; a `|` in a cell is escaped."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)
