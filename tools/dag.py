"""The DAG of dvc.yaml, for the members of params.yaml, as boxes and arrows.

DVC is not asked: its own `dvc dag` draws in text, and shows no outputs.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from tools.boxes import Box, Edges, Layout

LAYOUT = Layout(column=2.55, row=0.95, width=2.15, height=0.74)
COLOURS = {  # by what a stage is there for; an unknown stage is grey
    "check": "#f2f2f2",
    "fetch": "#dbe9f6",
    "prepare": "#dbe9f6",
    "embed": "#fdebd0",
    "train": "#fdebd0",
    "fuse": "#e8daef",
    "stack": "#e8daef",
    "evaluate": "#d5f0dd",
    "evaluate_ensemble": "#d5f0dd",
    "cross_validate": "#d5f0dd",
    "compare": "#d5f0dd",
    "audit": "#d5f0dd",
}


class Stage(NamedTuple):
    """One stage of the DAG, templates filled in: what it reads and writes, as paths."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


def load_stages(root: Path) -> dict[str, Stage]:
    """The stages of `root`/dvc.yaml by name, each `foreach` expanded over its mapping in params.yaml."""
    document = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))
    params = {name: value for defaults in document["vars"] for name, value in defaults.items()}
    params |= yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    stages = {}
    for name, definition in document["stages"].items():
        if "foreach" not in definition:
            stages[name] = _read_stage(definition, params, "")
            continue
        for key in look_up(params, definition["foreach"].strip("${} ")):
            stages[f"{name}@{key}"] = _read_stage(definition["do"], params, key)
    return stages


def look_up(params: Mapping[str, Any], dotted: str) -> Any:
    """The value of a dotted key."""
    value: Any = params
    for part in dotted.split("."):
        value = value[part]
    return value


def find_edges(stages: Mapping[str, Stage]) -> Edges:
    """The pairs (writer, reader): a path that one reads is, holds or lies in a path that the other writes."""
    return {
        (writer, reader)
        for reader, one in stages.items()
        for writer, other in stages.items()
        if writer != reader and any(_overlap(read, written) for read in one.reads for written in other.writes)
    }


def build_boxes(stages: Mapping[str, Stage]) -> dict[str, Box]:
    """A box a stage, with the first two paths that it writes."""
    boxes = {}
    for name, stage in stages.items():
        written = [path for path in stage.writes if not path.startswith("plots/")] or list(stage.writes)
        lines = written[:2] + (["..."] if len(written) > 2 else [])
        boxes[name] = Box(name, lines, COLOURS.get(name.partition("@")[0], "#eeeeee"))
    return boxes


def _read_stage(definition: Mapping[str, Any], params: Mapping[str, Any], key: str) -> Stage:
    def fill(text: str) -> str:
        text = text.replace("${key}", key)
        return look_up(params, text[2:-1]) if text.startswith("${") else text

    reads = tuple(fill(path) for path in definition["deps"])
    return Stage(reads, tuple(fill(path) for path in _list_outputs(definition)))


def _list_outputs(definition: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("outs", "metrics", "plots"):
        for output in definition.get(kind, ()):
            yield output if isinstance(output, str) else next(iter(output))


def _overlap(first: str, second: str) -> bool:
    one, other = Path(first), Path(second)
    return one.is_relative_to(other) or other.is_relative_to(one)
