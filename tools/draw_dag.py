"""Draw the DAG of dvc.yaml, for the members of params.yaml, into docs/images/dag.svg.

Usage: `python -m tools.draw_dag`, or `python -m tools.draw_dag <picture.svg or .png>`. DVC is not asked: its own
`dvc dag` draws in text, and shows no outputs.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

if TYPE_CHECKING:  # Matplotlib is imported where a picture is drawn
    from matplotlib.axes import Axes

PICTURE = Path("docs/images/dag.svg")
COLUMN, ROW, BOX_WIDTH, BOX_HEIGHT, MARGIN = 2.4, 0.95, 2.0, 0.74, 0.15  # inches
COLOURS = {  # by what a stage is there for; an unknown stage is grey
    "fetch": "#dbe9f6",
    "prepare": "#dbe9f6",
    "embed": "#fdebd0",
    "train": "#fdebd0",
    "stack": "#e8daef",
    "evaluate": "#d5f0dd",
    "evaluate_ensemble": "#d5f0dd",
    "compare": "#d5f0dd",
}


class Stage(NamedTuple):
    """One stage of the DAG, templates filled in: what it reads and writes, as paths."""

    reads: tuple[str, ...]
    writes: tuple[str, ...]


Stages = Mapping[str, Stage]
Edges = set[tuple[str, str]]


def main() -> None:
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    stages = load_stages(Path())
    draw(stages, reduce_edges(find_edges(stages)), picture)
    print(f"{picture}: {len(stages)} stages")


def load_stages(root: Path) -> dict[str, Stage]:
    """The stages of `root`/dvc.yaml by name, each `foreach` expanded over its mapping in params.yaml."""
    params = yaml.safe_load((root / "params.yaml").read_text(encoding="utf-8"))
    document = yaml.safe_load((root / "dvc.yaml").read_text(encoding="utf-8"))
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


def find_edges(stages: Stages) -> Edges:
    """The pairs (writer, reader): a path that one reads is, holds or lies in a path that the other writes."""
    return {
        (writer, reader)
        for reader, one in stages.items()
        for writer, other in stages.items()
        if writer != reader and any(_overlap(read, written) for read in one.reads for written in other.writes)
    }


def reduce_edges(edges: Edges) -> Edges:
    """Leave out an edge where a longer way leads to the same place (the transitive reduction)."""
    return {(start, end) for start, end in edges if not _reaches(edges - {(start, end)}, start, end)}


def find_columns(stages: Stages, edges: Edges) -> dict[str, int]:
    """Each stage's column: as far right as what waits for it allows, so that evaluations stand side by side."""
    from_right: dict[str, int] = {}

    def place(name: str) -> int:
        if name not in from_right:
            from_right[name] = max((place(end) + 1 for start, end in edges if start == name), default=0)
        return from_right[name]

    last = max(place(name) for name in stages)
    return {name: last - column for name, column in from_right.items()}


def find_places(stages: Stages, edges: Edges) -> dict[str, tuple[float, float]]:
    """The centre of each stage's box, inches: columns are centred, but a stage alone lies level with what follows."""
    columns = find_columns(stages, edges)
    places: dict[str, tuple[float, float]] = {}
    for column in range(max(columns.values()), -1, -1):
        names = [name for name in stages if columns[name] == column]
        following = [end for start, end in edges if start in names]
        for number, name in enumerate(names):
            level = len(names) == len(following) == 1
            y = places[following[0]][1] if level else ((len(names) - 1) / 2 - number) * ROW
            places[name] = (column * COLUMN, y)
    return places


def describe(edges: Edges) -> str:
    """The edges as text, written into the picture, so that a test sees whether it is out of date."""
    return json.dumps(sorted(edges))


def draw(stages: Stages, edges: Edges, picture: Path) -> None:
    """Draw the stages as boxes in columns and the edges as arrows, and save the picture."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    places = find_places(stages, edges)
    xs, ys = zip(*places.values(), strict=True)
    left, right = min(xs) - BOX_WIDTH / 2 - MARGIN, max(xs) + BOX_WIDTH / 2 + MARGIN
    low, high = min(ys) - BOX_HEIGHT / 2 - MARGIN, max(ys) + BOX_HEIGHT / 2 + MARGIN
    with mpl.rc_context({"svg.hashsalt": "dag", "svg.fonttype": "path"}):
        figure = Figure(figsize=(right - left, high - low), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(low, high))
        axes.axis("off")
        for start, end in sorted(edges):
            _draw_arrow(axes, places[start], places[end])
        for name, place in places.items():
            _draw_box(axes, name, stages[name], place)
        picture.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Description": describe(edges)} | ({"Date": None} if picture.suffix == ".svg" else {})
        figure.savefig(picture, metadata=metadata, dpi=130)


def _draw_box(axes: Axes, name: str, stage: Stage, place: tuple[float, float]) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    corner = (x - BOX_WIDTH / 2, y - BOX_HEIGHT / 2)
    colour = COLOURS.get(name.partition("@")[0], "#eeeeee")
    style = "round,pad=0,rounding_size=0.08"
    axes.add_patch(FancyBboxPatch(corner, BOX_WIDTH, BOX_HEIGHT, boxstyle=style, facecolor=colour, edgecolor="#555555"))
    written = [path for path in stage.writes if not path.startswith("plots/")] or list(stage.writes)
    lines = written[:2] + (["..."] if len(written) > 2 else [])
    title_size = min(10.0, 205 / len(name))  # points; a long name must fit its box
    axes.text(x, y + 0.19, name, ha="center", va="center", fontsize=title_size, fontweight="bold")
    axes.text(x, y - 0.14, "\n".join(lines), ha="center", va="center", fontsize=7, color="#333333")


def _draw_arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    tail, head = (start[0] + BOX_WIDTH / 2, start[1]), (end[0] - BOX_WIDTH / 2, end[1])
    style = {"arrowstyle": "-|>", "color": "#777777", "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", head, tail, arrowprops=style)


def _read_stage(definition: Mapping[str, Any], params: Mapping[str, Any], key: str) -> Stage:
    def fill(text: str) -> str:
        text = text.replace("${key}", key)
        return look_up(params, text[2:-1]) if text.startswith("${") else text

    reads = tuple(fill(path) for path in definition["deps"] if not path.endswith(".py"))
    return Stage(reads, tuple(fill(path) for path in _list_outputs(definition)))


def _list_outputs(definition: Mapping[str, Any]) -> Iterator[str]:
    for kind in ("outs", "metrics", "plots"):
        for output in definition.get(kind, ()):
            yield output if isinstance(output, str) else next(iter(output))


def _overlap(first: str, second: str) -> bool:
    one, other = Path(first), Path(second)
    return one.is_relative_to(other) or other.is_relative_to(one)


def _reaches(edges: Edges, start: str, end: str) -> bool:
    following = [after for before, after in edges if before == start]
    return end in following or any(_reaches(edges, after, end) for after in following)


if __name__ == "__main__":
    main()
