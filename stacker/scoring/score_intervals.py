"""95 % intervals of scores that are no simple mean, by bootstrap over groups of copies: pure functions, no network."""

from collections.abc import Iterator

import numpy as np

from stacker.scoring.intervals import SEED, resample_means, take_interval
from stacker.scoring.scores import compute_squares
from stacker.scoring.significance import compute_log_losses

RESAMPLES = 1000
MOST_WORK = 2e9  # draws x rows x classes: about a minute


def compute_score_intervals(
    labels: np.ndarray, probabilities: np.ndarray, groups: np.ndarray, resamples: int = RESAMPLES
) -> dict[str, float]:
    """The ends of the intervals of the scores that `stacker.scoring.scores.compute_scores` gives.

    Not of the accuracy and the recalls, which have Wilson's; nor of the calibration error, which is too high on few
    photos, and higher still on what is drawn from them.

    Args:
        labels: int64, (n,).
        probabilities: float64, (n, k), rows sum to 1.
        groups: int64, (n,); duplicates share a group.
        resamples: how many draws; the log loss and the Brier score have twice as many.

    Returns:
        `<score>_low` and `<score>_high`. Those of scores that rank photos or count them class by class are left out
        where they would take minutes; a score that no draw defines, as where a class has one photo, has none either.
    """
    columns = np.stack([compute_log_losses(labels, probabilities), compute_squares(labels, probabilities)], axis=1)
    ends = take_interval(resample_means(columns, groups))
    intervals = {name: ends[:, number] for number, name in enumerate(("log_loss", "brier"))}
    if resamples * probabilities.size <= MOST_WORK:
        intervals |= _resample_scores(labels, probabilities, groups, resamples)
    return {
        f"{name}_{end}": float(value)
        for name, interval in intervals.items()
        for end, value in zip(("low", "high"), interval, strict=True)
        if np.isfinite(value)
    }


def draw_weights(groups: np.ndarray, resamples: int, seed: int = SEED) -> Iterator[np.ndarray]:
    """How often each row is in a draw of whole groups with replacement: int64, (n,), draw after draw."""
    _, numbers = np.unique(groups, return_inverse=True)
    count = int(numbers.max()) + 1
    generator = np.random.default_rng(seed)
    for _ in range(resamples):
        yield np.bincount(generator.integers(count, size=count), minlength=count)[numbers]


def _resample_scores(
    labels: np.ndarray, probabilities: np.ndarray, groups: np.ndarray, resamples: int
) -> dict[str, np.ndarray]:
    classes = probabilities.shape[1]
    cells = labels * classes + probabilities.argmax(axis=1)
    wanted = [1] if classes == 2 else list(range(classes))
    rankings = [Ranking(labels == number, probabilities[:, number]) for number in wanted]
    values = []
    for weights in draw_weights(groups, resamples):
        table = np.bincount(cells, weights, classes**2).reshape(classes, classes)
        ranked = np.array([ranking.score(weights) for ranking in rankings])
        recalls, f1 = _divide(np.diag(table), table.sum(axis=1)), _compute_f1(table)
        counted = (_average(recalls), f1[1] if classes == 2 else _average(f1))
        values.append([*counted, *(_average(column) for column in ranked.T)])
    names = ("balanced_accuracy", "f1", "roc_auc", "average_precision")
    return {name: _take_defined(column) for name, column in zip(names, np.array(values).T, strict=True)}


class Ranking:
    """Rows in the order of a score, the highest first, to be scored under many weights."""

    def __init__(self, is_wanted: np.ndarray, scores: np.ndarray) -> None:
        """Sort the rows once.

        Args:
            is_wanted: bool, (n,), is the row of the class that should come first?
            scores: float64, (n,).
        """
        self._order = np.argsort(-scores, kind="stable")
        ordered = scores[self._order]
        self._starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))  # rows of one score tie
        self._is_wanted = is_wanted[self._order]

    def score(self, weights: np.ndarray) -> tuple[float, float]:
        """The area under the ROC curve and the average precision, as scikit-learn defines them.

        Args:
            weights: (n,), of the rows; all 0 of a class: both are NaN.
        """
        ordered = weights[self._order]
        wanted = np.add.reduceat(ordered * self._is_wanted, self._starts)
        others = np.add.reduceat(ordered * ~self._is_wanted, self._starts)
        found, passed = np.cumsum(wanted), np.cumsum(others)
        if not found[-1] or not passed[-1]:
            return np.nan, np.nan
        area = (others * (found - wanted / 2)).sum() / (found[-1] * passed[-1])
        precision = found / np.maximum(found + passed, 1)
        return float(area), float((wanted * precision).sum() / found[-1])


def _compute_f1(table: np.ndarray) -> np.ndarray:
    return _divide(2 * np.diag(table), table.sum(axis=0) + table.sum(axis=1))


def _divide(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """NaN where nothing is there to divide by."""
    return np.asarray(np.where(by > 0, values / np.where(by > 0, by, 1), np.nan))


def _average(values: np.ndarray) -> float:
    """The mean over the classes that a draw has; NaN where it has none."""
    defined = values[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else np.nan


def _take_defined(values: np.ndarray) -> np.ndarray:
    defined = values[np.isfinite(values)]
    return take_interval(defined) if len(defined) else np.full(2, np.nan)
