"""The bars of the comparison of meta-models, and whether a cell meets them."""

import numpy as np

from benchmarks.cells import Outcome
from benchmarks.paired_splits import COMBINATIONS, measure_difference

ACCURACY_RIVALS = ("mean", "greedy", "logistic", "best member")
LARGEST_RATIO = 1.1  # of the log loss to the best combination's
ERRORS = 2.0


def list_bars() -> list[str]:
    """Their names, in the order of `judge`."""
    return ["accuracy not behind", "log loss at most the mean's", "within 10 % of the best", "ahead of the old"]


def judge(outcome: Outcome, is_ten: bool) -> list[str]:
    """A verdict a bar: "met" or "MISSED", and by what."""
    return [
        judge_accuracy(outcome),
        judge_mean(outcome),
        judge_ratio(outcome),
        judge_old(outcome) if is_ten else "not asked",
    ]


def judge_accuracy(outcome: Outcome) -> str:
    """Is the accuracy not significantly behind that of any of four rivals?"""
    behind = []
    for rival in ACCURACY_RIVALS:
        mean, error = measure_difference(outcome.take("new", "accuracy"), outcome.take(rival, "accuracy"))
        if mean < -ERRORS * error:
            behind.append(f"{rival} {mean:+.4f} ± {error:.4f}")
    return f"MISSED: {', '.join(behind)}" if behind else "met"


def judge_mean(outcome: Outcome) -> str:
    """Is the log loss no higher than that of the members' mean?"""
    mean, error = measure_difference(outcome.take("new", "log_loss"), outcome.take("mean", "log_loss"))
    return f"{'met' if mean <= 0 else 'MISSED'}: {mean:+.4f} ± {error:.4f}"


def judge_ratio(outcome: Outcome) -> str:
    """Is the log loss within 10 % of the best combination's?"""
    best = find_best(outcome, "log_loss")
    ratio = float(np.mean(outcome.take("new", "log_loss")) / np.mean(outcome.take(best, "log_loss")))
    return f"{'met' if ratio <= LARGEST_RATIO else 'MISSED'}: {ratio:.3f} x {best}"


def judge_old(outcome: Outcome) -> str:
    """Is it ahead of the meta-model before it, in both?"""
    parts = []
    is_met = True
    for metric, sign in (("accuracy", 1), ("log_loss", -1)):
        mean, error = measure_difference(outcome.take("new", metric), outcome.take("old", metric))
        is_met &= sign * mean > ERRORS * error
        parts.append(f"{metric.replace('_', ' ')} {mean:+.4f} ± {error:.4f}")
    return f"{'met' if is_met else 'MISSED'}: {', '.join(parts)}"


def find_best(outcome: Outcome, metric: str) -> str:
    """The simple combination that is best over all splits, in hindsight."""
    sign = -1 if metric == "accuracy" else 1
    return min(COMBINATIONS, key=lambda name: sign * float(np.mean(outcome.take(name, metric))))
