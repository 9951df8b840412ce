import numpy as np
import pytest
from sklearn import metrics

from stacker.scoring import score_intervals
from stacker.scoring.score_intervals import Ranking, compute_score_intervals, draw_weights
from stacker.scoring.scores import compute_scores


def make_answers(n, classes, seed=0):
    """Labels, and probabilities that know something of them, in steps of a tenth or so: there are ties."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    raw = np.round(generator.dirichlet(np.ones(classes), n) + 0.6 * np.eye(classes)[labels], 1) + 0.01
    return labels, raw / raw.sum(axis=1, keepdims=True)


def test_a_ranking_scores_as_scikit_learn_does_with_weights_and_ties():
    labels, probabilities = make_answers(50, 2)
    weights = np.random.default_rng(1).integers(0, 4, 50)

    area, precision = Ranking(labels == 1, probabilities[:, 1]).score(weights)

    assert area == pytest.approx(metrics.roc_auc_score(labels, probabilities[:, 1], sample_weight=weights))
    assert precision == pytest.approx(
        metrics.average_precision_score(labels, probabilities[:, 1], sample_weight=weights)
    )


def test_a_ranking_without_one_of_the_classes_is_undefined():
    ranking = Ranking(np.array([True, False, False]), np.array([0.5, 0.2, 0.9]))

    assert np.isnan(ranking.score(np.array([0, 1, 2]))).all()
    assert np.isnan(ranking.score(np.array([2, 0, 0]))).all()


def test_draws_take_whole_groups():
    groups = np.array([7, 3, 7, 5])

    draws = np.array(list(draw_weights(groups, 200)))

    assert (draws[:, 0] == draws[:, 2]).all()
    assert (draws[:, [0, 1, 3]].sum(axis=1) == 3).all()
    assert draws[:, 1].mean() == pytest.approx(1, abs=0.15)


@pytest.mark.parametrize("classes", [2, 3])
def test_intervals_are_quantiles_of_the_same_scores_of_what_is_drawn(classes):
    labels, probabilities = make_answers(60, classes)
    groups, names = np.arange(60) // 2, [f"class {number}" for number in range(classes)]

    received = compute_score_intervals(labels, probabilities, groups, resamples=40)

    draws = [np.repeat(np.arange(60), weights) for weights in draw_weights(groups, 40)]
    drawn = [compute_scores(labels[rows], probabilities[rows], names, groups[rows]) for rows in draws]
    for name in ("balanced_accuracy", "f1", "roc_auc", "average_precision"):
        expected = np.quantile([scores[name] for scores in drawn], (0.025, 0.975))
        assert (received[f"{name}_low"], received[f"{name}_high"]) == pytest.approx(expected)
    scores = compute_scores(labels, probabilities, names, groups)
    for name in ("log_loss", "brier"):
        assert received[f"{name}_low"] < scores[name] < received[f"{name}_high"]


def test_copies_of_photos_make_intervals_wider():
    labels, probabilities = make_answers(60, 2)
    copies = (np.repeat(labels, 4), np.repeat(probabilities, 4, axis=0))

    alone = compute_score_intervals(labels, probabilities, np.arange(60))
    honest = compute_score_intervals(*copies, np.repeat(np.arange(60), 4))
    blind = compute_score_intervals(*copies, np.arange(240))

    def measure(intervals, name):
        return intervals[f"{name}_high"] - intervals[f"{name}_low"]

    for name in ("roc_auc", "f1", "brier"):
        assert measure(honest, name) == pytest.approx(measure(alone, name))
        assert measure(honest, name) > 1.5 * measure(blind, name)


def test_a_class_that_draws_may_lack_is_left_out_of_their_means():
    labels = np.array([0] * 10 + [1] * 10 + [2])
    probabilities = 0.7 * np.eye(3)[labels] + 0.1

    received = compute_score_intervals(labels, probabilities, np.arange(21))

    assert received["balanced_accuracy_low"] == received["f1_low"] == received["roc_auc_low"] == 1


def test_where_one_class_has_no_photo_what_ranks_has_no_interval():
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2], [0.3, 0.7]])

    received = compute_score_intervals(np.zeros(3, np.int64), probabilities, np.arange(3))

    assert {"log_loss_low", "balanced_accuracy_high"} <= set(received)
    assert not {"roc_auc_low", "average_precision_high"} & set(received)


def test_what_would_take_minutes_is_left_out(monkeypatch):
    labels, probabilities = make_answers(60, 3)
    monkeypatch.setattr(score_intervals, "MOST_WORK", 1000 * 60 * 3 - 1)

    assert set(compute_score_intervals(labels, probabilities, np.arange(60))) == {
        "log_loss_low",
        "log_loss_high",
        "brier_low",
        "brier_high",
    }
