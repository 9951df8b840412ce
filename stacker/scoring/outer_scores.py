"""Scores of a procedure that was repeated in outer folds: pure functions."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from stacker.scoring.scores import compute_summary
from stacker.scoring.significance import compute_log_losses

Answers = Mapping[tuple[str, str], np.ndarray]  # by kind and name, probabilities, float64, (n, k)


def collect_answers(folds: Sequence[Answers], cuts: np.ndarray) -> Answers:
    """The answers of all folds, each photo's by the fold that tested it.

    Args:
        folds: by fold, of its test photos, in the order of the rows.
        cuts: int64, (n,), the fold that tests each row.
    """
    collected = {}
    for model, first in folds[0].items():
        values = np.empty((len(cuts), first.shape[1]))
        for number, answers in enumerate(folds):
            values[cuts == number] = answers[model]
        collected[model] = values
    return collected


def score_outer_folds(answers: Answers, labels: np.ndarray, groups: np.ndarray, cuts: np.ndarray) -> dict[str, Any]:
    """Scores over all photos, and how much they differ from fold to fold.

    Args:
        answers: of all photos.
        labels: int64, (n,).
        groups: int64, (n,); duplicates share a group.
        cuts: int64, (n,), the fold that tested each row.

    Returns:
        `n`, `groups`, `folds`; and by `<kind>s.<name>` what `compute_summary` gives, and `accuracy_deviation` and
        `log_loss_deviation`, the standard deviations over the folds. The interval of the accuracy takes the photos
        for independent; as all folds learn from much the same photos, it is a little too narrow (Bengio and
        Grandvalet, "No unbiased estimator of the variance of k-fold cross-validation", 2004).
    """
    scores: dict[str, Any] = {"n": len(labels), "groups": len(np.unique(groups)), "folds": int(cuts.max() + 1)}
    for (kind, name), probabilities in answers.items():
        right = probabilities.argmax(axis=1) == labels
        losses = compute_log_losses(labels, probabilities)
        summary = compute_summary(labels, probabilities, groups)
        scores[f"{kind}s.{name}"] = {
            **{key: summary[key] for key in ("accuracy", "accuracy_low", "accuracy_high", "log_loss")},
            "accuracy_deviation": _deviate(right.astype(float), cuts),
            "log_loss_deviation": _deviate(losses, cuts),
        }
    return scores


def _deviate(values: np.ndarray, cuts: np.ndarray) -> float:
    """The standard deviation of a mean over the folds."""
    return float(np.std([values[cuts == number].mean() for number in np.unique(cuts)], ddof=1))
