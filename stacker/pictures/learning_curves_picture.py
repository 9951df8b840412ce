"""The picture of the learning curves: how every model learnt, and what was kept."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from stacker.pictures.look import WIDTH, shorten
from stacker.pictures.scales import find_inside, pad_limits

TRAIN, VALIDATION = "#332288", "#CC6677"
SERIES = (("", "training", TRAIN, "-"), ("val_", "validation", VALIDATION, "--"))
OWN = "#fff3e0"  # behind the curves of a panel that has a scale of its own
COLUMNS = 4
History = Mapping[str, Sequence[str]]


def draw_learning_curves(histories: Mapping[str, History]) -> Figure:
    """Accuracy above loss for every model, in training and validation, with a line at what was kept and at a phase.

    All panels of a measure have one scale; a poor model that would squeeze the others has its own, and says so.

    Args:
        histories: by model, columns as `read_history` gives them.
    """
    columns = min(COLUMNS, len(histories))
    blocks = -(-len(histories) // columns)
    figure = Figure((max(WIDTH / COLUMNS * columns, 4.5), 3.6 * blocks + 0.5), layout="constrained")
    pairs = []
    for number, (model, history) in enumerate(histories.items()):
        position = number // columns * 2 * columns + number % columns + 1
        above = figure.add_subplot(2 * blocks, columns, position)
        below = figure.add_subplot(2 * blocks, columns, position + columns, sharex=above)
        pairs.append((above, below))
        above.set_title(f"{shorten(model, 22)}\n{_describe_kept(history)}")
        above.tick_params(labelbottom=False)
        below.set_xlabel(_name_axis(history))
        _draw_history(above, history, "accuracy")
        _draw_history(below, history, "loss")
        _draw_phases(above, below, history)
    _set_scales([above for above, _ in pairs], list(histories.values()), "accuracy", columns)
    _set_scales([below for _, below in pairs], list(histories.values()), "loss", columns)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def _set_scales(panels: Sequence[Axes], histories: Sequence[History], name: str, columns: int) -> None:
    """One scale for all that fit on it; numbers stand where they are not those of the panel to the left."""
    values = [np.array([*history[name], *history[f"val_{name}"]], float) for history in histories]
    ends = np.array([(value.min(), value.max()) for value in values])
    inside = find_inside(ends, is_lower_better=name == "loss")
    common = pad_limits(ends[inside, 0].min(), ends[inside, 1].max())
    for number, axes in enumerate(panels):
        axes.set_ylim(common if inside[number] else pad_limits(*ends[number]))
        is_first = number % columns == 0
        if is_first:
            axes.set_ylabel(name)
        if not inside[number]:
            axes.set_ylabel(f"{name}, own scale", weight="bold")
            axes.set_facecolor(OWN)
        axes.tick_params(labelleft=bool(is_first or not inside[number] or not inside[number - 1]))


def _is_path(history: History) -> bool:
    """Is a line of the curves a whole fit, made with a penalty of its own?"""
    return bool(history["strength"][-1])


def _name_axis(history: History) -> str:
    """What a line of the curves is: a fit to an optimum has iterations, or was made for several penalties."""
    if history["learning_rate"][-1]:
        return "epoch"
    return "C" if _is_path(history) else "iteration"


def _read_steps(history: History) -> list[float]:
    return [float(value) for value in history["strength" if _is_path(history) else "epoch"]]


def _describe_kept(history: History) -> str:
    kept = _read_steps(history)[history["kept"].index("1")]
    return f"kept: {_name_axis(history)} {kept:g}"


def _draw_history(axes: Axes, history: History, name: str) -> None:
    steps, kept = _read_steps(history), history["kept"].index("1")
    for prefix, label, colour, dashes in SERIES:
        values = [float(value) for value in history[prefix + name]]
        axes.plot(steps, values, dashes, color=colour, label=label, marker="o", markersize=5, markevery=[kept])
    axes.axvline(steps[kept], color="#999999", linewidth=1, label="kept", zorder=1)
    if _is_path(history):
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(numticks=4))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")  # text is drawn as it is, without mathematics
        axes.xaxis.set_minor_locator(NullLocator())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(color="#eeeeee")


def _draw_phases(above: Axes, below: Axes, history: History) -> None:
    """A dotted line where a phase begins, with its name."""
    steps, phases = _read_steps(history), history["phase"]
    for number in range(1, len(phases)):
        if phases[number] == phases[number - 1]:
            continue
        start = steps[number] - 0.5
        for axes in (above, below):
            axes.axvline(start, color="#777777", linestyle=":")
        above.annotate(
            phases[number].replace("_", " "),
            (start, 0.02),
            (3, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            fontsize=7,
        )
