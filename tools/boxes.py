"""Draw boxes, in columns and joined by arrows: what the picture of the DAG and that of the rooms share."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Edges = set[tuple[str, str]]
MARGIN = 0.15  # inches


class Box(NamedTuple):
    """One box: its title, the small lines below it, and its colour."""

    title: str
    lines: Sequence[str]
    colour: str


class Layout(NamedTuple):
    """How boxes are laid out.

    Attributes:
        column: how far columns lie apart, inches.
        row: how far rows do.
        width: of a box.
        height: of a box.
    """

    column: float
    row: float
    width: float
    height: float


def reduce_edges(edges: Edges) -> Edges:
    """Leave out an edge where a longer way leads to the same place (the transitive reduction)."""
    return {(start, end) for start, end in edges if not _reaches(edges - {(start, end)}, start, end)}


def find_columns(names: Sequence[str], edges: Edges) -> dict[str, int]:
    """Each box's column: as far left as what it waits for allows."""
    columns: dict[str, int] = {}

    def place(name: str) -> int:
        if name not in columns:
            columns[name] = max((place(start) + 1 for start, end in edges if end == name), default=0)
        return columns[name]

    return {name: place(name) for name in names}


def find_places(names: Sequence[str], edges: Edges, layout: Layout) -> dict[str, tuple[float, float]]:
    """The centre of each box, inches: columns are centred, but a box alone lies level with what follows."""
    columns = find_columns(names, edges)
    places: dict[str, tuple[float, float]] = {}
    for column in range(max(columns.values()), -1, -1):
        here = [name for name in names if columns[name] == column]
        following = [end for start, end in edges if start in here]
        for number, name in enumerate(here):
            level = len(here) == len(following) == 1
            y = places[following[0]][1] if level else ((len(here) - 1) / 2 - number) * layout.row
            places[name] = (column * layout.column, y)
    return places


def describe(edges: Edges) -> str:
    """The edges as text, written into the picture, so that a test sees whether it is out of date."""
    return json.dumps(sorted(edges))


def draw(boxes: Mapping[str, Box], edges: Edges, picture: Path, layout: Layout) -> None:
    """Draw `boxes` in columns and `edges` as arrows between them, and save the picture."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    places = find_places(list(boxes), edges, layout)
    xs, ys = zip(*places.values(), strict=True)
    left, right = min(xs) - layout.width / 2 - MARGIN, max(xs) + layout.width / 2 + MARGIN
    low, high = min(ys) - layout.height / 2 - MARGIN, max(ys) + layout.height / 2 + MARGIN
    with mpl.rc_context({"svg.hashsalt": "boxes", "svg.fonttype": "path"}):
        figure = Figure(figsize=(right - left, high - low), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1), xlim=(left, right), ylim=(low, high))
        axes.axis("off")
        for start, end in sorted(edges):
            _draw_arrow(axes, places[start], places[end], layout)
        for name, place in places.items():
            draw_box(axes, boxes[name], place, layout)
        picture.parent.mkdir(parents=True, exist_ok=True)
        metadata = {"Description": describe(edges)} | ({"Date": None} if picture.suffix == ".svg" else {})
        figure.savefig(picture, metadata=metadata, dpi=130)


def draw_box(axes: Any, box: Box, place: tuple[float, float], layout: Layout) -> None:
    """Draw one box around its centre `place`, inches."""
    from matplotlib.patches import FancyBboxPatch

    x, y = place
    corner = (x - layout.width / 2, y - layout.height / 2)
    style = "round,pad=0,rounding_size=0.08"
    patch = FancyBboxPatch(
        corner, layout.width, layout.height, boxstyle=style, facecolor=box.colour, edgecolor="#555555"
    )
    axes.add_patch(patch)
    top = y + layout.height / 2
    title_size = min(10.0, 102 * layout.width / len(box.title))  # points; a long name must fit its box
    axes.text(x, top - 0.18, box.title, ha="center", va="center", fontsize=title_size, fontweight="bold")
    longest = max([len(line) for line in box.lines], default=1)
    line_size = min(7.0, 120 * layout.width / longest)
    axes.text(x, top - 0.34, "\n".join(box.lines), ha="center", va="top", fontsize=line_size, color="#333333")


def _draw_arrow(axes: Any, start: tuple[float, float], end: tuple[float, float], layout: Layout) -> None:
    tail, head = (start[0] + layout.width / 2, start[1]), (end[0] - layout.width / 2, end[1])
    style = {"arrowstyle": "-|>", "color": "#777777", "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", head, tail, arrowprops=style, zorder=0)


def _reaches(edges: Edges, start: str, end: str) -> bool:
    following = [after for before, after in edges if before == start]
    return end in following or any(_reaches(edges, after, end) for after in following)
