"""The picture of reliability: how often is a model right that is so sure?"""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MultipleLocator

from stacker.pictures.look import WIDTH, build_grid, choose_styles, shorten
from stacker.scoring.intervals import compute_accuracy_interval
from stacker.scoring.rows import Rows
from stacker.scoring.scores import CALIBRATION_BINS, compute_calibration_error
from stacker.scoring.standings import Model

PHOTOS_A_POINT = 40  # fewer, and a point says little: at a share of a half, its interval is 0.3 long
MOST_POINTS = 15


def draw_reliability(models: Sequence[Model], test: Rows) -> Figure:
    """The share of right answers over the confidence, in bins of equal count, with 95 % intervals.

    Args:
        models: probabilities float64, (n, k).
        test: the test split.
    """
    styles = choose_styles(models)
    figure, panels = build_grid(len(models), WIDTH / 4, 2.6, "share right")
    for axes, model in zip(panels, models, strict=True):
        _draw_points(axes, test, model.test, styles[model.title]["color"])
        error = compute_calibration_error(test.labels, model.test)
        axes.set_title(f"{shorten(model.title, 28)}\ncalibration error {error:.4f}")
    figure.supxlabel(
        "mean confidence in the predicted class; dotted: as often right as it is sure; lines: 95 % intervals\n"
        f"every panel has its own scale; calibration error: over {CALIBRATION_BINS} bins of equal width",
        fontsize=8.5,
    )
    return figure


def split_evenly(confidence: np.ndarray) -> list[np.ndarray]:
    """The rows in bins of equal count, the least confident first.

    Rows of equal confidence stay together, as which of them goes where would be arbitrary; so some bins have more than
    their share, and the others share the rest; none has less than half. There are as many bins as give each
    `PHOTOS_A_POINT` rows, `MOST_POINTS` at most.

    Args:
        confidence: float64, (n,).

    Returns:
        Rows, int64, a bin.
    """
    confidence = np.round(confidence, 4)  # finer, another CPU's rounding would decide
    order = np.argsort(confidence, kind="stable")
    ranked, n = confidence[order], len(confidence)
    size = n / min(max(n // PHOTOS_A_POINT, 1), MOST_POINTS)
    bins, start = [], 0
    while start < n:
        left = n - start
        even = start - (-left // max(round(left / size), 1))
        before, after = (int(np.searchsorted(ranked, ranked[even - 1], side)) for side in ("left", "right"))
        end = before if even - before < after - even and before - start >= size / 2 else after
        end = n if n - end < size / 2 else end
        bins.append(order[start:end])
        start = end
    return bins


def _draw_points(axes: Axes, test: Rows, probabilities: np.ndarray, colour: str) -> None:
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == test.labels
    bins = split_evenly(confidence)
    x = np.round([confidence[rows].mean() for rows in bins], 4)
    y = [right[rows].mean() for rows in bins]
    intervals = np.array([compute_accuracy_interval(right[rows], test.groups[rows]) for rows in bins])
    axes.plot([0, 1], [0, 1], color="#777777", linestyle=":", linewidth=1)
    axes.vlines(x, intervals[:, 0], intervals[:, 1], color=colour, linewidth=1)
    axes.plot(x, y, "o-", color=colour, markersize=3.5, linewidth=0.8)
    lowest = min(np.floor(10 * min(x.min(), intervals.min())) / 10, 0.9)
    room = 0.03 * (1 - lowest)
    axes.set(xlim=(lowest - room, 1 + room), ylim=(lowest - room, 1 + room))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(0.05 if lowest > 0.85 else 0.1 if lowest > 0.45 else 0.2))
    axes.set_box_aspect(1)
    axes.set_xlabel(_count_photos(bins), fontsize=8)


def _count_photos(bins: Sequence[np.ndarray]) -> str:
    """How many photos a point stands for."""
    sizes = [len(rows) for rows in bins]
    counts = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    return f"{counts} photos a point"
