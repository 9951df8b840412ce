"""A list that may be long, in an error or a warning: its first lines, and all of it in a file."""

from collections.abc import Sequence
from pathlib import Path

MOST_SHOWN = 20
# In DVC's own folder for what is temporary, which neither DVC nor Git looks into.
FOLDER = Path(".dvc/tmp/stacker")


def show_list(lines: Sequence[str], name: str) -> str:
    """The lines, indented; of more than `MOST_SHOWN` the first ones, and where all of them are.

    Args:
        lines: at least one.
        name: of the file, such as "unreadable.txt".
    """
    shown = [*lines[:MOST_SHOWN]]
    if len(lines) > MOST_SHOWN:
        path = FOLDER / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        shown.append(f"and {len(lines) - MOST_SHOWN:,} more: all are listed in {path}")
    return "".join(f"\n  {line}" for line in shown)
