"""The simple combinations on the leaderboard, judged as the ensembles are: on rows that they have not learnt."""

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from stacker.artifacts.logits import spread_classes
from stacker.artifacts.predictions import Predictions
from stacker.ensembles.combining import (
    Predictor,
    choose_greedy_weights,
    combine_geometric,
    combine_mean,
    combine_weighted,
    fit_logistic,
    fit_member_weights,
    fit_prior,
)
from stacker.ensembles.held_out_rows import HeldOutRows, cross_fit
from stacker.ensembles.penalised_model import predict_logits

MOST_VALUES = 2_000_000_000  # held-out rows x members x classes x classes: beyond, the fits take minutes, then hours


class Baseline(NamedTuple):
    """One simple combination.

    Attributes:
        name: of the baseline.
        held_out: probabilities of the rows that choices are made by, float64, (m, k).
        test: of the test split, float64, (n, k).
        note: how it combines.
    """

    name: str
    held_out: np.ndarray
    test: np.ndarray
    note: str


def build_baselines(
    predictions: Mapping[str, Predictions], held_out: HeldOutRows, classes: list[str]
) -> Iterator[Baseline]:
    """Two means, weights of two kinds, logistic regression, and the most frequent class, one after the other.

    Where a logistic regression would take too long, it is left out, with a word.

    Args:
        predictions: by member.
        held_out: what they hold out, from which those that learn do.
        classes: the k class names.
    """
    weights = choose_greedy_weights(held_out)
    shares = _list_shares(weights)
    free = dict(zip(held_out.logits, fit_member_weights(held_out).parameters.w, strict=True))
    frequent = classes[int(np.bincount(held_out.labels).argmax())]
    learners: dict[str, tuple[Callable[[HeldOutRows], Predictor], str]] = {
        "mean": (lambda _: combine_mean, "unweighted mean of the members' probabilities"),
        "geometric_mean": (lambda _: combine_geometric, "unweighted mean of the members' logits"),
        "weights": (_learn_weights, f"one weight a member on its logits: {_list_shares(free)}"),
        "greedy": (_learn_greedy, f"greedy weights (Caruana et al., 2004): {shares}"),
        "logistic": (lambda rows: fit_logistic(rows, len(classes)), "logistic regression on the members' logits"),
        "most_frequent": (lambda rows: fit_prior(rows, len(classes)), f"always {frequent}, by the classes' shares"),
    }
    values = sum(logits.size for logits in held_out.logits.values()) * len(classes)
    if values > MOST_VALUES:
        del learners["logistic"]
        print(f"the baseline `logistic` is left out: {values:,} logits times classes are more than {MOST_VALUES:,}")
    for name, (fit, note) in learners.items():
        yield Baseline(name, *_predict(fit, predictions, held_out), note)


def _list_shares(weights: Mapping[str, float]) -> str:
    return ", ".join(f"{label} {weights[label]:.2f}" for label in sorted(weights) if weights[label])


def _learn_weights(rows: HeldOutRows) -> Predictor:
    fit = fit_member_weights(rows)
    return lambda logits: spread_classes(predict_logits(fit, {member: logits[member] for member in rows.logits}))


def _learn_greedy(rows: HeldOutRows) -> Predictor:
    weights = choose_greedy_weights(rows)
    return lambda logits: combine_weighted(logits, weights)


def _predict(
    fit: Callable[[HeldOutRows], Predictor], predictions: Mapping[str, Predictions], held_out: HeldOutRows
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities of the rows that choices are made by, and of the test split."""
    predict = fit(held_out)
    test = predict({label: member.test for label, member in predictions.items()})
    if held_out.is_leaked:  # the validation split stands for held-out rows
        return predict({label: member.validation for label, member in predictions.items()}), test
    return cross_fit(held_out, fit), test
