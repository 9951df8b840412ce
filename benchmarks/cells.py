"""Cells of the comparison of meta-models: data, rows to learn from, what is done to the members; over many splits."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from sklearn.datasets import make_classification

from benchmarks.paired_splits import (
    Score,
    Split,
    combine,
    draw_split,
    find_strength,
    predict_fused,
    predict_member,
    score,
    stack_features,
)
from stacker.artifacts.predictions import Predictions
from stacker.ensembles.procedure import Pool

SPLITS = 10
NOISE = "noise"
COPIED, AGAIN = "inception_v3", "_again"
NOISE_WIDTH = 64
HUNDRED_ROWS, HUNDRED_WIDTH, HUNDRED_INFORMATIVE = 2500, 120, 60


class Cell(NamedTuple):
    """One comparison.

    Attributes:
        data: name of the pool.
        rows: to learn from; all others are tested.
        case: what is done to the members, for a reader; "" for nothing.
        extra: of a further member: NOISE, AGAIN for the copy of one, "" for none.
        wrong: share of the learnt rows that get another label.
        strength: of the members' heads, scikit-learn's `C`; None for the one that the folds of the first split choose.
    """

    data: str
    rows: int
    case: str = ""
    extra: str = ""
    wrong: float = 0.0
    strength: float | None = None

    @property
    def name(self) -> str:
        """For a reader."""
        return f"{self.data}, {self.rows} rows" + (f", {self.case}" if self.case else "")

    @property
    def heads(self) -> tuple[str, int, float, float | None]:
        """What decides the heads of the members that it shares with others."""
        return (self.data, self.rows, self.wrong, self.strength)


class Outcome(NamedTuple):
    """What a cell showed.

    Attributes:
        scores: by "new" and the name of each rival, one a split.
        bent: in how many splits the new meta-model took hidden units.
        tested: rows that each split tests.
    """

    scores: Mapping[str, list[Score]]
    bent: int
    tested: int

    def take(self, model: str, metric: str) -> list[float]:
        """One model's "accuracy" or "log_loss" in every split."""
        return [getattr(entry, metric) for entry in self.scores[model]]


class Heads:
    """The members' heads, each fitted once for all cells that share it."""

    def __init__(self) -> None:
        self._strengths: dict[tuple[object, ...], float] = {}
        self._predictions: dict[tuple[object, ...], Predictions] = {}

    def predict(self, cell: Cell, split: Split, seed: int) -> dict[str, Predictions]:
        """What every member says in one split."""
        predictions = {}
        for label, features in split.learnt.features.items():
            key = (*cell.heads, label.removesuffix(AGAIN))
            if (*key, seed) not in self._predictions:
                strength = cell.strength or self.find_strength(key, features, split)
                self._predictions[*key, seed] = predict_member(split, label, strength)
            predictions[label] = self._predictions[*key, seed]
        return predictions

    def find_strength(self, key: tuple[object, ...], features: np.ndarray, split: Split) -> float:
        """The strength that the folds of the first split choose."""
        if key not in self._strengths:
            self._strengths[key] = find_strength(features, split)
        return self._strengths[key]


def measure_cell(cell: Cell, pool: Pool, heads: Heads) -> Outcome:
    """All splits of a cell, one after the other."""
    scores: dict[str, list[Score]] = {}
    bent, tested = 0, 0
    for seed in range(SPLITS):
        split = draw_split(add_member(pool, cell.extra), cell.rows, seed, cell.wrong)
        answers, spread = combine(split, heads.predict(cell, split, seed))
        key = (*cell.heads[:3], cell.extra, "features")  # `cell.strength` is of the members alone
        strength = heads.find_strength(key, stack_features(split.learnt), split)
        answers["features"] = predict_fused(split, strength)
        for name, probabilities in answers.items():
            scores.setdefault(name, []).append(score(split.test.labels, probabilities))
        bent += spread > 0
        tested = len(split.test.labels)
    return Outcome(scores, bent, tested)


def add_member(pool: Pool, extra: str) -> Pool:
    """The pool with one more member: of noise, or one of its own again; or as it is."""
    if extra == NOISE:
        noise = np.random.default_rng(0).normal(size=(len(pool.labels), NOISE_WIDTH)).astype(np.float32)
        return pool._replace(features={**pool.features, NOISE: noise})
    if extra == AGAIN:
        return pool._replace(features={**pool.features, COPIED + AGAIN: pool.features[COPIED]})
    return pool


def make_hundred_classes() -> Pool:
    """Synthetic features of 100 classes; each of three members sees a third of the columns."""
    features, labels = make_classification(
        HUNDRED_ROWS,
        HUNDRED_WIDTH,
        n_informative=HUNDRED_INFORMATIVE,
        n_redundant=0,
        n_classes=100,
        n_clusters_per_class=1,
        class_sep=3,
        random_state=0,
    )
    members = {f"third_{place}": features[:, place::3].astype(np.float32) for place in range(3)}
    return Pool(members, labels.astype(np.int64), np.arange(len(labels)), [str(number) for number in range(100)])
