"""What all pictures share: their look and how they are saved."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.results import PLOTS
from stacker.artifacts.terminal import escape_line
from stacker.scoring.standings import Model

# Paul Tol's "muted" scheme, told apart with every kind of colour blindness (his technical note SRON/EPS/TN/09-002);
# pale grey and the yellow that vanishes on white are left out. Dashes go on where the colours end.
COLOURS = ("#332288", "#CC6677", "#117733", "#88CCEE", "#882255", "#44AA99", "#999933", "#AA4499")
DASHES: tuple[Any, ...] = ("-", (0, (4, 1.5)), (0, (1, 1)))
BASELINE_DASHES: tuple[Any, ...] = (  # one for each baseline that is drawn
    (0, (6, 2)),
    (0, (2, 1.5)),
    (0, (6, 1.5, 1, 1.5)),
    (0, (1, 2)),
    (0, (6, 1.5, 1, 1.5, 1, 1.5)),
    "-",
)
DPI = 100
WIDTH = 9.0  # inches, of every picture that has room to fill: 900 pixels, which a README shows as they are
LOOK: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "axes.titlesize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "text.parse_math": False,  # a `$` in a class or file name is just that
    "figure.dpi": DPI,
}


@contextmanager
def fixed_look() -> Iterator[None]:
    """Draw with our look and matplotlib's own defaults, whatever the user's matplotlibrc says."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(LOOK)
        yield


def save_picture(figure: Figure, name: str) -> None:
    """Write `plots/<name>.png`, as `write_picture` does."""
    with replaced_file(PLOTS / f"{name}.png") as path:
        write_picture(figure, path)


def write_picture(figure: Figure, path: Path) -> None:
    """Write a PNG; an equal picture gives equal bytes: no date and no version goes into the file.

    Git keeps every version of it, so it gets a palette: a contact sheet of photos shrinks to a third. `savefig` would
    draw everything once in vain to find the layout, and pack the pixels into a PNG to be unpacked here.
    """
    canvas = FigureCanvasAgg(figure)
    layout = figure.get_layout_engine()
    if layout is not None:
        layout.execute(figure)
        figure.set_layout_engine("none")
    canvas.draw()  # type: ignore[no-untyped-call]
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    Image.fromarray(pixels[..., :3]).quantize(256).save(path, format="PNG", optimize=True)


def choose_styles(models: Sequence[Model]) -> dict[str, dict[str, Any]]:
    """A line style for every model, by title: ensembles thick and black, baselines grey and dashed.

    Members take their colours in the order of their names, so that a picture does not depend on who leads.
    """
    members = sorted(model.title for model in models if model.kind == "member")
    baselines = sorted(model.title for model in models if model.kind == "baseline")
    ensembles = sorted(model.title for model in models if model.kind == "ensemble")
    styles: dict[str, dict[str, Any]] = {}
    for number, title in enumerate(ensembles):
        dashes = DASHES[number % len(DASHES)]
        styles[title] = {"color": "black", "linewidth": 2.2, "zorder": 3, "linestyle": dashes}
    for number, title in enumerate(members):
        dashes = DASHES[number // len(COLOURS) % len(DASHES)]
        styles[title] = {"color": COLOURS[number % len(COLOURS)], "linewidth": 1.5, "linestyle": dashes}
    for number, title in enumerate(baselines):
        dashes = BASELINE_DASHES[number % len(BASELINE_DASHES)]
        styles[title] = {"color": "#777777", "linewidth": 1.3, "linestyle": dashes}
    return styles


def build_grid(count: int, width: float, height: float, ylabel: str, columns: int = 4) -> tuple[Figure, list[Axes]]:
    """A figure with `count` panels of `width` x `height` inches, filled row by row; the left ones bear `ylabel`."""
    columns = min(columns, count)
    rows = math.ceil(count / columns)
    layout = ConstrainedLayoutEngine(h_pad=0.14)  # inches; by default tick labels touch the titles below them
    figure = Figure((max(width * columns, 7.0), height * rows + 0.5), layout=layout)
    panels = [figure.add_subplot(rows, columns, number) for number in range(1, count + 1)]
    for axes in panels[::columns]:
        axes.set_ylabel(ylabel)
    return figure, panels


def shorten(text: str, length: int) -> str:
    """`text` in one line of at most `length` characters: its end is kept, which in paths and labels tells most."""
    line = escape_line(text)
    return line if len(line) <= length else "…" + line[-(length - 1) :]
