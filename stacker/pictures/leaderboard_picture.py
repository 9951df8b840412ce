"""The picture of the leaderboard."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from stacker.pictures.look import WIDTH, choose_styles, shorten
from stacker.pictures.scales import find_inside, pad_limits
from stacker.scoring.reports import count_photos
from stacker.scoring.standings import Standing

COLUMNS = {"held-out": 0.45, "test": 1.0}  # where the numbers end, in widths of what they fill


def draw_leaderboard(standings: Sequence[Standing], best_member: str) -> Figure:
    """Log loss and accuracy on the test split with their intervals, and, as circles, on the held-out rows.

    Both sides have one order, that of the held-out log loss: by it one chooses, and a model is one line.

    Args:
        standings: best first.
        best_member: the member to mark.
    """
    figure = Figure((WIDTH, 1.6 + 0.3 * len(standings)), layout="constrained")
    panels = figure.subplots(1, 4, sharey=True, width_ratios=(3, 1.6, 3, 1.6))
    loss, accuracy = panels[0], panels[2]
    _draw_side(loss, panels[1], standings, "log_loss", is_lower_better=True)
    _draw_side(accuracy, panels[3], standings, "accuracy", is_lower_better=False)
    is_marked = sum(model.kind == "member" for model, *_ in standings) > 1
    names = [
        f"{rank}. {shorten(model.title, 26)}{' ★' if is_marked and model.title == best_member else ''}"
        for rank, (model, *_) in enumerate(standings, start=1)
    ]
    loss.set_yticks(range(len(standings)), names)
    loss.set_ylim(len(standings) - 0.4, -1.1)
    loss.set_xlabel("log loss in nats, lower is better")
    accuracy.set_xlabel("accuracy, higher is better")
    photos = count_photos(standings[0].scores, "test photos")
    mark = "; ★: the best member by it" if is_marked else ""
    figure.suptitle(f"Leaderboard, in the order of the held-out log loss{mark}", fontsize=11)
    figure.supxlabel(f"dot: {photos}, with the 95 % interval; circle: held-out rows; bold: the best number", fontsize=9)
    return figure


def _draw_side(axes: Axes, beside: Axes, standings: Sequence[Standing], name: str, is_lower_better: bool) -> None:
    styles = choose_styles([standing.model for standing in standings])
    ends = np.array([_find_ends(standing, name) for standing in standings])
    inside = find_inside(ends, is_lower_better)
    axes.set_xlim(pad_limits(ends[inside, 0].min(), ends[inside, 1].max()))
    for row, (model, held_out, scores) in enumerate(standings):
        colour = styles[model.title]["color"]
        axes.plot(held_out[name], row + 0.25, marker="o", markersize=4, fillstyle="none", color=colour)
        axes.plot([scores[f"{name}_low"], scores[f"{name}_high"]], [row, row], color=colour, linewidth=2)
        axes.plot(scores[name], row, marker="D" if model.kind == "ensemble" else "o", markersize=5, color=colour)
        if not inside[row]:
            _point_outside(axes, row, scores[name], is_lower_better)
    beside.set_axis_off()
    _write_numbers(beside, [standing.held_out[name] for standing in standings], "held-out", is_lower_better)
    _write_numbers(beside, [standing.scores[name] for standing in standings], "test", is_lower_better)
    axes.xaxis.set_major_locator(MaxNLocator(4))  # more of four digits run into one another
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#dddddd")
    axes.set_axisbelow(True)


def _find_ends(standing: Standing, name: str) -> tuple[float, float]:
    """The lowest and the highest value that a line of the picture shows."""
    held_out, scores = standing.held_out[name], standing.scores
    return min(held_out, scores[f"{name}_low"]), max(held_out, scores[f"{name}_high"])


def _point_outside(axes: Axes, row: int, value: float, is_lower_better: bool) -> None:
    """In place of a dot that lies outside: which way, and how far."""
    axes.annotate(
        f"{value:.4f}, outside ▶" if is_lower_better else f"◀ {value:.4f}, outside",
        (1.0 if is_lower_better else 0.0, row),
        xycoords=("axes fraction", "data"),
        ha="right" if is_lower_better else "left",
        va="center",
        fontsize=8,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
    )


def _write_numbers(axes: Axes, values: Sequence[float], header: str, is_lower_better: bool) -> None:
    """A column beside the panel: numbers at the dots would run into one another."""
    numbers = [f"{value:.4f}" for value in values]
    best = f"{min(values) if is_lower_better else max(values):.4f}"
    axes.text(COLUMNS[header], -0.8, header, ha="right", va="center", fontsize=8, color="#555555")
    for row, number in enumerate(numbers):
        weight = "bold" if number == best else "normal"
        axes.text(COLUMNS[header], row, number, ha="right", va="center", fontsize=8, weight=weight)
