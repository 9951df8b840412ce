"""Which classes are taken for which: matrices, or, of many classes, the most confused pairs."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from sklearn.metrics import confusion_matrix

from stacker.pictures.look import WIDTH, build_grid, shorten
from stacker.pictures.scales import find_inside
from stacker.scoring.standings import Model

MOST_NUMBERED = 12  # classes; the counts of more would not be readable
MOST_CLASSES = 20  # in a matrix
MOST_PAIRS = 10  # a model
MARKS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # on the scale of colours
LEGEND = "; colour: share of the photos of a class that are taken for another"
RIGHT = "#e3e3e3"  # what is right: the colours are for the errors


def draw_confusion(models: Sequence[Model], labels: np.ndarray, classes: Sequence[str]) -> Figure:
    """A matrix a model, coloured by its errors; of more than 20 classes the pairs that are confused most.

    Args:
        models: probabilities float64, (n, k).
        labels: int64, (n,).
        classes: the k class names.
    """
    counts = [
        confusion_matrix(labels, model.test.argmax(axis=1), labels=range(len(classes))).astype(np.int64)
        for model in models
    ]
    if len(classes) > MOST_CLASSES:
        return _draw_pairs(models, counts, classes)
    return _draw_matrices(models, counts, classes)


def find_pairs(counts: np.ndarray, most: int = MOST_PAIRS) -> list[tuple[int, int, int]]:
    """The most frequent errors, the most frequent first; of equals, the first class.

    Args:
        counts: truth in rows, prediction in columns, int64, (k, k).
        most: how many at most.

    Returns:
        Truth, prediction and how often.
    """
    errors = np.where(np.eye(len(counts), dtype=bool), 0, counts)
    order = np.argsort(-errors, axis=None, kind="stable")[:most]
    cells = (divmod(int(cell), len(counts)) for cell in order)
    return [(truth, guess, int(errors[truth, guess])) for truth, guess in cells if errors[truth, guess]]


def _draw_matrices(models: Sequence[Model], counts: Sequence[np.ndarray], classes: Sequence[str]) -> Figure:
    columns = 4 if len(classes) <= 5 else 3
    figure, panels = build_grid(len(models), WIDTH / columns, WIDTH / columns, "truth", columns)
    errors = [_share_errors(table) for table in counts]
    strongest = float(np.nanmax(errors))
    top = max(strongest, 0.05)
    # roots: a poor model must not make the others' errors pale; 5 % at least: nor must a single mistake be dark
    norm = PowerNorm(0.5, vmin=1e-6, vmax=top)
    for axes, model, table, shares in zip(panels, models, counts, errors, strict=True):
        image = _draw_matrix(axes, table, shares, norm, classes)
        axes.set_title(_write_title(model, table))
    figure.supxlabel(
        "across: prediction; down: truth" + (LEGEND if strongest else "; no model makes a mistake"), fontsize=9
    )
    if strongest:
        _draw_scale(figure, panels, image, top)
    return figure


def _write_title(model: Model, counts: np.ndarray) -> str:
    return f"{shorten(model.title, 28)}\n{np.trace(counts):,} of {counts.sum():,} right"


def _draw_scale(figure: Figure, panels: Sequence[Axes], image: AxesImage, top: float) -> None:
    bar = figure.colorbar(image, ax=panels, location="bottom", aspect=60, fraction=0.3 / figure.get_figheight())
    marks = [share for share in MARKS if top / 50 < share <= top]
    bar.set_ticks(marks, labels=[f"{100 * share:g} %" for share in marks], minor=False)
    bar.ax.minorticks_off()


def _share_errors(counts: np.ndarray) -> np.ndarray:
    """By class, the share of its photos that are taken for each other class; NaN for what is right."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return np.where(np.eye(len(counts), dtype=bool), np.nan, shares)


def _draw_matrix(
    axes: Axes, counts: np.ndarray, shares: np.ndarray, norm: PowerNorm, classes: Sequence[str]
) -> AxesImage:
    image = axes.imshow(shares, cmap=colormaps["YlOrBr"].with_extremes(bad=RIGHT, under="white"), norm=norm)
    names = [shorten(name, 12) for name in classes]
    axes.set_xticks(range(len(names)), names, rotation=90 if len(names) > 3 else 0, fontsize=7)
    axes.set_yticks(range(len(names)), names, fontsize=7)
    axes.spines[:].set(visible=True, color="#bbbbbb")
    if len(classes) > MOST_NUMBERED:
        return image
    for row, column in np.ndindex(*counts.shape):
        if counts[row, column]:
            colour = "white" if norm(shares[row, column]) > 0.6 else "black"
            size = 10 if len(classes) <= 3 else 6.5
            axes.text(column, row, f"{counts[row, column]:,}", color=colour, ha="center", va="center", fontsize=size)
    return image


def _draw_pairs(models: Sequence[Model], counts: Sequence[np.ndarray], classes: Sequence[str]) -> Figure:
    pairs = [find_pairs(table) for table in counts]
    lines = max(3, *(len(found) for found in pairs))
    figure, panels = build_grid(len(models), WIDTH / 3, 0.7 + 0.16 * lines, "", columns=3)
    longest = np.array([(0.0, max((often for *_, often in found), default=0)) for found in pairs])
    scale = max(float(longest[find_inside(longest), 1].max()), 1.0)
    for axes, model, table, found in zip(panels, models, counts, pairs, strict=True):
        _draw_bars(axes, table, found, scale, classes)
        axes.set_ylim(lines - 0.4, -0.6)
        axes.set_title(_write_title(model, table), loc="right")
    figure.supxlabel(
        f"the most frequent errors of each model, {MOST_PAIRS} at most: truth → prediction,\n"
        "and how many photos of the class are taken for the other",
        fontsize=9,
    )
    return figure


def _draw_bars(
    axes: Axes, counts: np.ndarray, pairs: Sequence[tuple[int, int, int]], scale: float, classes: Sequence[str]
) -> None:
    axes.spines[:].set_visible(False)
    axes.set(xlim=(0, 1.6 * scale), xticks=[])
    axes.tick_params(length=0)
    names = [f"{shorten(classes[truth], 11)} → {shorten(classes[guess], 11)}" for truth, guess, _ in pairs]
    axes.set_yticks(range(len(pairs)), names, fontsize=7)
    if not pairs:
        axes.text(0.5, 0.5, "no mistake", transform=axes.transAxes, ha="center")
        return
    # a poor model's bars end with the axis; its numbers say the rest
    axes.barh(range(len(pairs)), [min(often, scale) for *_, often in pairs], color="#cc7722", height=0.7)
    for row, (truth, _, often) in enumerate(pairs):
        text = f" {often:,} of {counts[truth].sum():,}"
        axes.text(min(often, scale), row, text, va="center", fontsize=7)
