"""Write one model's scores and the data of its plots, and say the scores in a line."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_curve

from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.results import CONFUSION, ROC

MOST_POINTS = 2000  # of a curve
COUNTED = {  # scores that are made of counts of photos alone
    "accuracy",
    "accuracy_low",
    "accuracy_high",
    "balanced_accuracy",
    "f1",
    "p_value",
    "adjusted_p_value",
    "error_correlation",
    "disagreement",
}


def write_plots(model: str, labels: np.ndarray, probabilities: np.ndarray, classes: list[str]) -> None:
    """Write the data of a model's plots, `plots/{confusion,roc}/<model>.csv`.

    Args:
        model: the label of a member or of an ensemble.
        labels: of the test split, int64, (n,).
        probabilities: float64, (n, k).
        classes: the k class names.
    """
    pairs = sorted(zip(labels, probabilities.argmax(axis=1), strict=True))
    write_table(
        CONFUSION / f"{model}.csv",
        ("actual", "predicted"),
        ((classes[label], classes[guess]) for label, guess in pairs),
    )
    write_table(ROC / f"{model}.csv", ("false_positive_rate", "true_positive_rate"), trace_roc(labels, probabilities))


def describe_scores(scores: dict[str, Any]) -> str:
    """The scores that one looks at first, in a line."""
    return (
        f"accuracy {scores['accuracy']:.4f} (95 % {scores['accuracy_low']:.4f} to {scores['accuracy_high']:.4f}, "
        f"{count_photos(scores, 'photos')}), log loss {scores['log_loss']:.4f}"
    )


def count_photos(scores: dict[str, Any], noun: str) -> str:
    """How many photos were scored, called `noun`, and of how many different ones they are, where some are copies."""
    n, groups = scores["n"], scores["groups"]
    return f"{n:,} {noun}" if groups == n else f"{n:,} {noun} in {groups:,} groups"


def trace_roc(labels: np.ndarray, probabilities: np.ndarray) -> list[tuple[float, float]]:
    """The ROC curve of the second class; for more than two, micro-averaged one-vs-rest."""
    classes = probabilities.shape[1]
    if classes == 2:
        truth, score = labels, probabilities[:, 1]
    else:
        truth, score = np.eye(classes)[labels].ravel(), probabilities.ravel()
    false_positive, true_positive, _ = roc_curve(truth, score)
    if len(false_positive) > MOST_POINTS:  # of many classes and rows there are millions, which no plot shows
        kept = np.linspace(0, len(false_positive) - 1, MOST_POINTS).round().astype(int)
        false_positive, true_positive = false_positive[kept], true_positive[kept]
    return [(round(x, 6), round(y, 6)) for x, y in zip(false_positive.tolist(), true_positive.tolist(), strict=True)]


def write_metrics(path: Path, values: dict[str, Any]) -> None:
    """Write scores as JSON, rounded to what another CPU's rounding leaves alone.

    What counts photos is exact, and has six digits: enough for any n. All else has four.
    """
    with replaced_file(path) as partial:
        partial.write_text(json.dumps(_round(values), indent=2) + "\n", encoding="utf-8")


def write_table(path: Path, columns: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> None:
    """Write CSV with a header."""
    with replaced_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _round(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):  # a recall has its class's name as key
        return {name: _round(child, "recall" if key == "recall" else name) for name, child in value.items()}
    if not isinstance(value, float):
        return value
    is_counted = key == "recall" or ".test.recall." in key or key.rpartition(".")[2] in COUNTED
    return round(value, 6 if is_counted else 4)
