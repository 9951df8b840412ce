"""The scores that `stages.scores` computes by itself, because importing scikit-learn is slow, are scikit-learn's."""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn import metrics

from stages.reports import trace_roc
from stages.scores import compute_roc_auc, compute_scores, compute_wilson_interval, count_hits


def draw(classes: int, rows: int, tied: bool) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng([classes, rows, tied])
    probabilities = generator.dirichlet(np.ones(classes), rows)
    if tied:
        probabilities = np.round(probabilities, 1) + 1e-3
        probabilities /= probabilities.sum(axis=1, keepdims=True)
    labels = np.concatenate([np.arange(classes), generator.integers(0, classes, rows - classes)])
    return labels, probabilities


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("rows", [12, 300])
@pytest.mark.parametrize("classes", [2, 3, 5])
def test_scores_are_those_of_scikit_learn(classes, rows, tied):
    labels, probabilities = draw(classes, rows, tied)
    guesses, binary = probabilities.argmax(axis=1), classes == 2
    ranked = (labels, probabilities[:, 1]) if binary else (np.eye(classes)[labels], probabilities)
    expected = {
        "log_loss": metrics.log_loss(labels, probabilities, labels=range(classes)),
        "roc_auc": metrics.roc_auc_score(*ranked),
        "average_precision": metrics.average_precision_score(*ranked),
        "f1": metrics.f1_score(labels, guesses, average="binary" if binary else "macro", zero_division=0),
        "recall": dict(enumerate(metrics.recall_score(labels, guesses, average=None, zero_division=0))),
    }
    received = compute_scores(labels, probabilities, list(range(classes)))
    assert {name: received[name] for name in expected} == {
        name: pytest.approx(value, abs=1e-12) for name, value in expected.items()
    }


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("classes", [2, 3])
def test_roc_curve_is_that_of_scikit_learn(classes, tied):
    labels, probabilities = draw(classes, 200, tied)
    truth = labels if classes == 2 else np.eye(classes)[labels].ravel()
    score = probabilities[:, 1] if classes == 2 else probabilities.ravel()
    x, y, _ = metrics.roc_curve(truth, score)
    np.testing.assert_allclose(trace_roc(labels, probabilities), np.column_stack([x, y]), atol=1e-6)


@pytest.mark.parametrize(("correct", "n"), [(0, 1), (1, 1), (0, 30), (30, 30), (971, 992)])
def test_wilson_interval_is_that_of_scipy(correct, n):
    expected = binomtest(correct, n).proportion_ci(0.95, "wilson")
    assert compute_wilson_interval(correct, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_a_perfect_and_a_certain_wrong_prediction_stay_finite():
    labels = np.array([0, 1, 1])
    right, wrong = np.eye(2)[labels], np.eye(2)[1 - labels]
    assert compute_scores(labels, right, ["a", "b"])["log_loss"] == pytest.approx(0, abs=1e-12)
    assert compute_scores(labels, wrong, ["a", "b"])["log_loss"] == pytest.approx(metrics.log_loss(labels, wrong))
    assert compute_scores(labels, wrong, ["a", "b"])["roc_auc"] == 0


def test_roc_auc_of_rows_of_one_kind_is_no_number():
    assert np.isnan(compute_roc_auc(*count_hits(np.array([True, True]), np.array([0.1, 0.2]))))
