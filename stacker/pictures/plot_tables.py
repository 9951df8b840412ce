"""The data of DVC's interactive plots, `plots/data/<plot>.csv`: all models in one table, for one plot of them all."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_curve

from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.results import PLOT_DATA
from stacker.artifacts.terminal import escape_line
from stacker.pictures.trade_off_pictures import thin_curve
from stacker.scoring.standings import Model

MOST_POINTS = 500  # of a curve
MOST_CLASSES = 20  # of a confusion matrix: of more, nobody reads one
MEASURES = ("accuracy", "loss")


def write_plot_tables(
    models: Sequence[Model],
    labels: np.ndarray,
    classes: Sequence[str],
    histories: Mapping[str, Mapping[str, Sequence[str]]],
) -> None:
    """Write the three tables.

    Args:
        models: members and ensembles, in the order of the plots; probabilities float64, (n, k).
        labels: of the test split, int64, (n,).
        classes: the k class names.
        histories: by model, columns as `stacker.artifacts.curves.read_history` gives them.
    """
    write_table(PLOT_DATA / "curves.csv", ("model", "rows", "epoch", *MEASURES, "kept"), list_curves(histories))
    points = ((model.name, *point) for model in models for point in trace_roc(labels, model.test))
    write_table(PLOT_DATA / "roc.csv", ("model", "false_positive_rate", "true_positive_rate"), points)
    chosen = choose_classes(models, labels, len(classes))
    cells = ((model.name, *cell) for model in models for cell in count_cells(labels, model.test, classes, chosen))
    write_table(PLOT_DATA / "confusion.csv", ("model", "actual", "predicted", "photos", "share"), cells)


def list_curves(histories: Mapping[str, Mapping[str, Sequence[str]]]) -> Iterator[tuple[str, ...]]:
    """A line for each model, epoch, and training or validation."""
    for model, history in histories.items():
        for rows, prefix in (("training", ""), ("validation", "val_")):
            columns = [history["epoch"], *(history[f"{prefix}{measure}"] for measure in MEASURES), history["kept"]]
            yield from ((model, rows, *values) for values in zip(*columns, strict=True))


def trace_roc(labels: np.ndarray, probabilities: np.ndarray) -> list[tuple[float, float]]:
    """The ROC curve of the second class; for more than two, micro-averaged one-vs-rest."""
    classes = probabilities.shape[1]
    if classes == 2:
        truth, score = labels, probabilities[:, 1]
    else:
        truth, score = np.eye(classes)[labels].ravel(), probabilities.ravel()
    false_positive, true_positive, _ = roc_curve(truth, score)
    # of many classes and rows there are millions of points, which no plot shows
    xs, ys = (values.tolist() for values in thin_curve(false_positive, true_positive, MOST_POINTS))
    return [(round(x, 6), round(y, 6)) for x, y in zip(xs, ys, strict=True)]


def choose_classes(models: Sequence[Model], labels: np.ndarray, count: int) -> list[int]:
    """All classes; of many, those that all models together confuse most, in the order of the class names.

    Args:
        models: probabilities float64, (n, k).
        labels: int64, (n,).
        count: k.
    """
    errors = np.zeros(count, int)
    for model in models:
        predicted = model.test.argmax(axis=1)
        wrong = predicted != labels
        errors += np.bincount(labels[wrong], minlength=count) + np.bincount(predicted[wrong], minlength=count)
    return sorted(np.argsort(-errors, kind="stable")[:MOST_CLASSES].tolist())


def count_cells(
    labels: np.ndarray, probabilities: np.ndarray, classes: Sequence[str], chosen: Sequence[int]
) -> Iterator[tuple[str, str, int, float]]:
    """The confusion matrix as lines: actual and predicted class, photos, and their share of those of the actual class.

    Args:
        labels: int64, (n,).
        probabilities: float64, (n, k).
        classes: the k class names.
        chosen: which of them have lines.
    """
    matrix = np.zeros((len(classes), len(classes)), int)
    np.add.at(matrix, (labels, probabilities.argmax(axis=1)), 1)
    for actual in chosen:
        for predicted in chosen:
            photos = int(matrix[actual, predicted])
            yield (
                show_class(classes[actual]),
                show_class(classes[predicted]),
                photos,
                round(photos / max(1, int(matrix[actual].sum())), 4),
            )


def show_class(name: str) -> str:
    """A class's name for the page of `dvc plots`: in a script there, where `<!--<script` hides what follows."""
    return escape_line(name).replace("<", "‹")


def write_table(path: Path, columns: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> None:
    """Write CSV with a header."""
    with replaced_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
