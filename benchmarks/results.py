"""What a measurement hands over, and the file that keeps the last result of each."""

import json
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent
STORE = FOLDER / "results.json"
SECTIONS = (
    "whole",
    "inference",
    "speed",
    "decode",
    "stacking",
    "fine_tune",
    "training",
    "startup",
    "edits",
    "growth",
    "load",
    "meta_models",
    "learning_curve",
    "next_photos",
    "cluster",
)


NAMED_ONLY = ("load", "cluster")  # runs where it is named, or with real photos: too long for a look whether all works


class Table(NamedTuple):
    """Columns and rows of text or numbers."""

    columns: list[str]
    rows: list[list[str | float | int]]


class Chart(NamedTuple):
    """Lines (x ascending) or, where `is_bars`, groups of bars over the labels in x.

    Attributes:
        series: by name, (x, y).
    """

    title: str
    x_label: str
    y_label: str
    series: dict[str, tuple[list[Any], list[float]]]
    is_bars: bool = False


class Result(NamedTuple):
    """One section of RESULTS.md."""

    title: str
    notes: list[str]
    tables: list[Table]
    charts: list[Chart]


def load_results() -> dict[str, dict[str, Any]]:
    """By section: `machine`, `command` and `result`."""
    stored: dict[str, dict[str, Any]] = json.loads(STORE.read_text(encoding="utf-8")) if STORE.exists() else {}
    return stored


def save_result(section: str, machine: dict[str, str], command: str, result: Result) -> None:
    """Put a section's result in the place of its last one."""
    plain = {
        "title": result.title,
        "notes": result.notes,
        "tables": [table._asdict() for table in result.tables],
        "charts": [chart._asdict() for chart in result.charts],
    }
    results = {**load_results(), section: {"machine": machine, "command": command, "result": plain}}
    results = {name: results[name] for name in SECTIONS if name in results}
    STORE.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
