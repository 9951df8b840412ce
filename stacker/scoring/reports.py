"""Write one model's scores and the data of its plots."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import roc_curve

from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.results import CONFUSION, METRICS, ROC
from stacker.scoring.scores import compute_scores


def write_report(
    model: str, labels: np.ndarray, probabilities: np.ndarray, classes: list[str], facts: dict[str, Any]
) -> None:
    """Score a model on the test split; write `metrics/<model>.json`, `plots/{confusion,roc}/<model>.csv`.

    Args:
        model: the label of a member or of an ensemble.
        labels: int64, (n,).
        probabilities: float64, (n, k).
        classes: the k class names.
        facts: what else goes into the metrics, such as the engine.
    """
    scores = compute_scores(labels, probabilities, classes)
    write_metrics(METRICS / f"{model}.json", {**scores, **facts})
    predicted = probabilities.argmax(axis=1)
    pairs = sorted(zip(labels, predicted, strict=True))
    write_table(
        CONFUSION / f"{model}.csv",
        ("actual", "predicted"),
        ((classes[label], classes[guess]) for label, guess in pairs),
    )
    write_table(ROC / f"{model}.csv", ("false_positive_rate", "true_positive_rate"), trace_roc(labels, probabilities))
    print(
        f"{model}: accuracy {scores['accuracy']:.4f} (95 % {scores['accuracy_low']:.4f} to "
        f"{scores['accuracy_high']:.4f}, n {scores['n']}), log loss {scores['log_loss']:.4f}, "
        f"ROC AUC {scores['roc_auc']:.4f}"
    )


def trace_roc(labels: np.ndarray, probabilities: np.ndarray) -> list[tuple[float, float]]:
    """The ROC curve of the second class; for more than two, micro-averaged one-vs-rest."""
    classes = probabilities.shape[1]
    if classes == 2:
        truth, score = labels, probabilities[:, 1]
    else:
        truth, score = np.eye(classes)[labels].ravel(), probabilities.ravel()
    false_positive, true_positive, _ = roc_curve(truth, score)
    return [(round(x, 6), round(y, 6)) for x, y in zip(false_positive.tolist(), true_positive.tolist(), strict=True)]


def write_metrics(path: Path, values: dict[str, Any]) -> None:
    """Write scores as JSON, floats to six digits: enough for any n, and diffs stay readable."""
    with replaced_file(path) as partial:
        partial.write_text(json.dumps(_round(values), indent=2) + "\n", encoding="utf-8")


def write_table(path: Path, columns: tuple[str, ...], rows: Iterable[Iterable[Any]]) -> None:
    """Write CSV with a header."""
    with replaced_file(path) as partial, partial.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _round(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _round(child) for key, child in value.items()}
    return round(value, 6) if isinstance(value, float) else value
