"""Scores over outer folds, by hand."""

import numpy as np
import pytest

from stacker.scoring.outer_scores import collect_answers, score_outer_folds

CUTS = np.array([1, 0, 1, 0, 0])
LABELS = np.array([0, 1, 1, 0, 1])
MODEL = ("member", "pet")


def spread(second: list[float]) -> np.ndarray:
    return np.stack([1 - np.array(second), np.array(second)], axis=1)


def test_answers_lie_where_their_rows_do():
    answers = collect_answers([{MODEL: spread([0.7, 0.2, 0.4])}, {MODEL: spread([0.1, 0.9])}], CUTS)

    assert answers[MODEL][:, 1].tolist() == [0.1, 0.7, 0.9, 0.2, 0.4]


def test_scores_are_over_all_photos_and_deviations_over_folds():
    answers = {MODEL: spread([0.1, 0.7, 0.9, 0.2, 0.4])}  # the last one is wrong

    scores = score_outer_folds(answers, LABELS, np.array([0, 1, 2, 3, 3]), CUTS)

    assert (scores["n"], scores["groups"], scores["folds"]) == (5, 4, 2)
    pet = scores["members.pet"]
    losses = -np.log([0.9, 0.7, 0.9, 0.8, 0.4])
    assert pet["accuracy"] == 0.8
    assert pet["log_loss"] == pytest.approx(losses.mean())
    assert pet["accuracy_deviation"] == pytest.approx(abs(2 / 3 - 1) / np.sqrt(2))
    by_fold = losses[[1, 3, 4]].mean(), losses[[0, 2]].mean()
    assert pet["log_loss_deviation"] == pytest.approx(abs(by_fold[0] - by_fold[1]) / np.sqrt(2))
