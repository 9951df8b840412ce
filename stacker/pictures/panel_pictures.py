"""Pictures with one panel a model: confusion matrices and reliability diagrams."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix

from stacker.pictures.look import build_grid, choose_styles, shorten
from stacker.scoring.intervals import compute_accuracy_interval
from stacker.scoring.rows import Rows
from stacker.scoring.scores import CALIBRATION_BINS, bin_confidence, compute_calibration_error, find_bins
from stacker.scoring.standings import Model

MOST_NUMBERED = 12  # classes; the counts of more would not be readable
MOST_NAMED = 30  # classes; names of more would overlap, and matplotlib takes long to place each


def draw_confusion(models: Sequence[Model], labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """The confusion matrix of every model: colour by the share of the true class, counts written in.

    Args:
        models: probabilities float64, (n, k).
        labels: int64, (n,).
        classes: the k class names.
    """
    side = min(6.0, max(2.7, 1.3 + 0.27 * len(classes)))
    figure, panels = build_grid(len(models), side, side, "truth", columns=4 if len(classes) <= MOST_NUMBERED else 3)
    for axes, model in zip(panels, models, strict=True):
        counts = confusion_matrix(labels, model.test.argmax(axis=1), labels=range(len(classes)))
        _draw_matrix(axes, counts, classes)
        axes.set_title(f"{shorten(model.title, 28)}\n{np.trace(counts):,} of {len(labels):,} right")
    steps = _count_steps(classes)
    figure.supxlabel("prediction" if steps == 1 else f"prediction; one class in {steps} is named", fontsize=9)
    return figure


def _count_steps(classes: Sequence[str]) -> int:
    """From one class that is named to the next one that is."""
    return -(-len(classes) // MOST_NAMED)


def _draw_matrix(axes: Axes, counts: np.ndarray, classes: Sequence[str]) -> None:
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    named = range(0, len(classes), _count_steps(classes))
    names = [shorten(classes[number], 12) for number in named]
    axes.set_xticks(named, names, rotation=90 if len(classes) > 3 else 0, fontsize=7)
    axes.set_yticks(named, names, fontsize=7)
    axes.spines[:].set_visible(False)
    if len(classes) > MOST_NUMBERED:
        return
    for row, column in np.ndindex(*counts.shape):
        if counts[row, column]:
            colour = "white" if shares[row, column] > 0.5 else "black"
            text_height = 10 if len(classes) <= 3 else 6.5
            axes.text(
                column, row, f"{counts[row, column]}", color=colour, ha="center", va="center", fontsize=text_height
            )


def draw_reliability(models: Sequence[Model], test: Rows) -> Figure:
    """How often is a model right that is so sure? Bins as in the calibration error, with their intervals.

    Below, grey, the share of photos in each bin.

    Args:
        models: probabilities float64, (n, k).
        test: the test split.
    """
    styles = choose_styles(models)
    figure, panels = build_grid(len(models), 2.9, 3.0, "share right")
    for axes, model in zip(panels, models, strict=True):
        _draw_bins(axes, test, model.test, styles[model.title]["color"])
        error = compute_calibration_error(test.labels, model.test)
        axes.set_title(f"{shorten(model.title, 28)}\ncalibration error {error:.4f}")
    figure.supxlabel(
        f"confidence in the predicted class, {CALIBRATION_BINS} bins of equal width;\n"
        "lines: 95 % intervals; grey: share of the photos",
        fontsize=9,
    )
    return figure


def _draw_bins(axes: Axes, test: Rows, probabilities: np.ndarray, colour: str) -> None:
    confidence, hits, counts = bin_confidence(test.labels, probabilities)
    edges = np.arange(CALIBRATION_BINS) / CALIBRATION_BINS
    axes.bar(edges, counts / counts.sum(), 1 / CALIBRATION_BINS, align="edge", color="#e4e4e4")
    axes.plot([0, 1], [0, 1], color="#777777", linestyle=":", linewidth=1)
    filled = np.flatnonzero(counts)
    x = np.round(confidence[filled] / counts[filled], 4)  # finer, another CPU's rounding would be in the picture
    y = hits[filled] / counts[filled]
    right, bins = probabilities.argmax(axis=1) == test.labels, find_bins(probabilities.max(axis=1))
    inside = [bins == number for number in filled]
    intervals = np.array([compute_accuracy_interval(right[rows], test.groups[rows]) for rows in inside])
    axes.vlines(x, intervals[:, 0], intervals[:, 1], color=colour, linewidth=1)
    axes.plot(x, y, "o-", color=colour, markersize=4, linewidth=1)
    lowest = 1 / probabilities.shape[1]  # no predicted class can have less
    axes.set(xlim=(lowest - 0.02, 1.02), ylim=(-0.02, 1.03))
