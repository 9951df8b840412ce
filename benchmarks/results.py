"""What a measurement hands over, and the file that keeps the last result of each on each machine."""

import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

FOLDER = Path(__file__).resolve().parent
SECTIONS = (
    "whole",
    "inference",
    "sensitive_layers",
    "transformers",
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
# Run where they are named, or with real photos: too long for a look whether all works.
NAMED_ONLY = ("sensitive_layers", "edits", "growth", "load", "meta_models", "cluster")


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


class Store(NamedTuple):
    """Where results are kept, and what is made of them.

    Attributes:
        folder: `benchmarks/`, for results with real photos; else one that Git ignores, as small ones are to displace
            none of those.
    """

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / "results.json"

    def load(self) -> dict[str, list[dict[str, Any]]]:
        """By section an entry a machine: `machine`, `command`, `code`, `seconds` and `result`."""
        if not self.path.exists():
            return {}
        stored: dict[str, list[dict[str, Any]]] = json.loads(self.path.read_text(encoding="utf-8"))
        return stored

    def save(self, section: str, machine: dict[str, str], command: str, seconds: float, result: Result) -> None:
        """Put a section's result in the place of its last one on a machine of the same make."""
        plain = {
            "title": result.title,
            "notes": result.notes,
            "tables": [table._asdict() for table in result.tables],
            "charts": [chart._asdict() for chart in result.charts],
        }
        facts = {"machine": machine, "command": command, "code": read_code(), "seconds": round(seconds)}
        results = self.load()
        others = [entry for entry in results.get(section, []) if not is_of(entry, machine)]
        results[section] = sorted([*others, {**facts, "result": plain}], key=lambda entry: name_make(entry["machine"]))
        results = {name: results[name] for name in SECTIONS if name in results}
        self.folder.mkdir(parents=True, exist_ok=True)
        self.path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

    def find_seconds(self, section: str, machine: dict[str, str]) -> float | None:
        """How long a section took when it ran here last."""
        entries = self.load().get(section, [])
        found: list[float | None] = [entry["seconds"] for entry in entries if is_of(entry, machine)]
        return found[0] if found else None


def is_of(entry: dict[str, Any], machine: dict[str, str]) -> bool:
    """Was this measured on a machine of the same make?"""
    return name_make(entry["machine"]) == name_make(machine)


def name_make(machine: dict[str, str]) -> tuple[str, str]:
    """What makes two machines the same for a figure: their CPU, and what it is told to do."""
    return machine["CPU"], machine["instructions"]


def read_code() -> dict[str, str]:
    """The version of the code that is measured: `commit` and `date`."""
    commit, date = read_git("log", "-1", "--format=%h %cs").split()
    return {"commit": commit, "date": date}


def read_git(*arguments: str) -> str:
    """What a Git command says of this repository; nothing where it fails, as on a commit that is no more."""
    done = subprocess.run(["git", *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)  # noqa: S603, S607
    return done.stdout.strip()
