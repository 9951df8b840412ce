"""A table in a picture: a score of each class, by model."""

from collections.abc import Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from stacker.pictures.look import shorten
from stacker.pictures.scales import find_inside
from stacker.scoring.standings import Model

MOST_CLASSES = 10  # columns; more of four digits would run into one another


def count_rows(models: Sequence[Model]) -> int:
    """How many lines the table has: baselines are left out, their curves lie beside the ensemble's."""
    return sum(model.kind != "baseline" for model in models)


def choose_classes(scores: np.ndarray, most: int = MOST_CLASSES) -> np.ndarray:
    """The classes with the lowest mean score over the models, lowest first; all, in their order, where they fit.

    Args:
        scores: float64, (models, k).
        most: how many at most.

    Returns:
        Int64, (at most `most`,).
    """
    if scores.shape[1] <= most:
        return np.arange(scores.shape[1])
    return np.argsort(scores.mean(axis=0), kind="stable")[:most]


def draw_class_table(
    axes: Axes, scores: np.ndarray, models: Sequence[Model], classes: Sequence[str], name: str
) -> None:
    """Fill `axes` with the scores of each class, the lower the darker.

    Args:
        axes: what to fill.
        scores: of each class against the rest, best at 1, float64, (models, k).
        models: in the order of the scores; baselines have no line.
        classes: the k class names.
        name: of the score.
    """
    chosen = choose_classes(scores)
    lines = [number for number, model in enumerate(models) if model.kind != "baseline"]
    losses = 1 - scores[lines][:, chosen]
    inside = find_inside(np.stack([losses.min(axis=1), losses.max(axis=1)], axis=1))
    darkest = max(losses[inside].max(), 0.001)
    colours = colormaps["YlOrBr"].with_extremes(over=colormaps["YlOrBr"](1.0))
    axes.imshow(losses, cmap=colours, vmin=0, vmax=darkest, aspect="auto", alpha=0.75)
    for row, column in np.ndindex(*losses.shape):
        text_colour = "white" if losses[row, column] > 0.75 * darkest else "black"
        axes.text(
            column, row, f"{1 - losses[row, column]:.4f}", color=text_colour, ha="center", va="center", fontsize=7.5
        )
    axes.set_yticks(range(len(lines)), [shorten(models[number].title, 22) for number in lines], fontsize=8)
    axes.set_xticks(range(len(chosen)), [shorten(classes[number], 10) for number in chosen], fontsize=7.5)
    axes.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    axes.spines[:].set_visible(False)
    few = "" if len(chosen) == len(classes) else f": the {len(chosen)} lowest of {len(classes):,}, by their mean"
    axes.set_title(f"{name} of each class{few}")
