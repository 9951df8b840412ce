"""`dvc.lock` has its stages in the order in which they first ran: here in that which `dvc repro` alone goes through."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from dvc.utils.serialize import modify_yaml

LOCK = Path("dvc.lock")


def read_entries() -> dict[str, Any]:
    """What `dvc.lock` says of each stage; empty where there is none."""
    return (yaml.safe_load(LOCK.read_text(encoding="utf-8")) or {}).get("stages", {}) if LOCK.exists() else {}


def sort_lock(before: Sequence[str], order: Sequence[str]) -> None:
    """Put the stages into the order that `dvc repro` would have left, as DVC itself writes the file.

    Args:
        before: the stages that the file had before, in its order.
        order: all that `dvc repro` goes through, in its order.
    """
    now = list(read_entries())
    wanted = [name for name in dict.fromkeys([*before, *order, *now]) if name in now]
    if now == wanted:
        return
    with modify_yaml(LOCK) as document:
        stages = document["stages"]
        for name in wanted:
            stages[name] = stages.pop(name)
