import numpy as np
import pytest

from stacker.artifacts.errors import PipelineError
from stacker.splits.held_out import plan_fits

LABELS = np.tile([0, 1, 2], 20)
SINGLE = np.arange(60)


def plan(fit_on: str, groups: np.ndarray = SINGLE, folds: int = 5, seed: int = 0):
    return plan_fits(fit_on, LABELS, groups, folds, 0.25, seed)


def test_oof_predicts_every_row_once_by_a_fold_that_never_saw_it():
    received = plan("oof")

    assert len(received.folds) == 5
    np.testing.assert_array_equal(np.sort(np.concatenate([fold.predict for fold in received.folds])), SINGLE)
    for fold in received.folds:
        np.testing.assert_array_equal(np.sort(np.concatenate([fold.learn, fold.predict])), SINGLE)
        assert np.bincount(LABELS[fold.predict]).tolist() == [4, 4, 4]


def test_oof_trains_the_saved_model_on_all_rows():
    received = plan("oof")

    np.testing.assert_array_equal(received.final.learn, SINGLE)
    assert LABELS[received.final.predict].tolist() == []  # no rows, but rows that NumPy can look up


def test_oof_keeps_groups_of_duplicates_in_one_fold():
    groups = np.repeat(np.arange(20), 3)

    for fold in plan("oof", groups).folds:
        assert not set(groups[fold.learn]) & set(groups[fold.predict])


def test_holdout_predicts_rows_that_the_saved_model_never_saw():
    received = plan("holdout")

    assert received.folds == []
    assert not set(received.final.learn) & set(received.final.predict)
    np.testing.assert_array_equal(np.sort(np.concatenate(received.final)), SINGLE)
    assert np.bincount(LABELS[received.final.predict]).tolist() == [5, 5, 5]


def test_holdout_keeps_groups_of_duplicates_together():
    groups = np.repeat(np.arange(20), 3)
    learn, predict = plan("holdout", groups).final

    assert not set(groups[learn]) & set(groups[predict])


def test_train_predicts_the_rows_that_were_learnt():
    received = plan("train")

    assert received.folds == []
    np.testing.assert_array_equal(received.final.learn, SINGLE)
    np.testing.assert_array_equal(received.final.predict, SINGLE)


@pytest.mark.parametrize("fit_on", ["oof", "holdout"])
def test_the_plan_depends_on_the_seed_alone(fit_on):
    first, again, other = (plan(fit_on, seed=seed) for seed in (1, 1, 2))

    def rows(received):
        return [fold.predict.tolist() for fold in (*received.folds, received.final)]

    assert rows(first) == rows(again) != rows(other)


def test_oof_says_what_to_change_when_a_class_has_too_few_images():
    labels = np.array([0] * 10 + [1] * 6)
    groups = np.array([*range(10), 10, 11, 12, 13, 13, 13])  # six images, but four different ones

    with pytest.raises(PipelineError, match=r"stacking\.folds: 5 folds .* has 4: .*lower stacking\.folds"):
        plan_fits("oof", labels, groups, 5, 0.2, 0)

    assert len(plan_fits("oof", labels, groups, 4, 0.2, 0).folds) == 4
