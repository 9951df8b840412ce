import numpy as np
import pytest

from stacker.artifacts.errors import PipelineError
from stacker.splits.held_out import plan_fits

LABELS = np.tile([0, 1, 2], 20)
SINGLE = np.arange(60)


PETS = ["cats", "dogs", "newts"]


def plan(fit_on: str, groups: np.ndarray = SINGLE, folds: int = 5, seed: int = 0):
    return plan_fits(fit_on, LABELS, groups, folds, 0.25, seed, PETS)


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

    with pytest.raises(
        PipelineError,
        match=r"^stacking\.folds: 5 folds need as many different .*, but there are of dogs 4: add images, lower "
        r"stacking\.folds to 4, or set `stacking\.fit_on: holdout`",
    ):
        plan_fits("oof", labels, groups, 5, 0.2, 0, PETS)

    assert len(plan_fits("oof", labels, groups, 4, 0.2, 0, PETS).folds) == 4


@pytest.mark.parametrize(("fit_on", "need"), [("oof", "folds: 2 folds need as many"), ("holdout", "fit_on: holdout n")])
def test_a_class_of_one_image_can_be_learnt_but_not_held_out(fit_on, need):
    labels, groups = np.array([2, 0, 0, 1, 1, 1]), np.array([9, 1, 2, 5, 5, 5])

    with pytest.raises(
        PipelineError, match=rf"^stacking\.{need}.* of dogs 1, newts 1: add images, remove .* `stacking\.fit_on: train`"
    ):
        plan_fits(fit_on, labels, groups, 2, 0.2, 0, PETS)

    assert plan_fits("train", labels, groups, 2, 0.2, 0, PETS).final.learn.tolist() == [0, 1, 2, 3, 4, 5]


def test_an_error_names_five_classes_and_counts_the_rest():
    labels = np.repeat(np.arange(8), 3)

    with pytest.raises(PipelineError, match=r"of a 3, b 3, c 3, d 3, e 3 and 3 more: add images, lower .*folds to 3"):
        plan_fits("oof", labels, np.arange(24), 4, 0.2, 0, list("abcdefgh"))


RARE = np.repeat([0, 1], [198, 2])  # 99 to 1
MANY = np.repeat(np.arange(100), 10)
MIXED = np.random.default_rng(5).permutation(1000) // 3  # groups that hold several classes


@pytest.mark.parametrize(
    ("fit_on", "labels", "groups", "folds", "seeds"),
    [
        ("oof", RARE, np.arange(200), 2, 20),
        ("holdout", RARE, np.arange(200), 2, 20),
        ("oof", MANY, np.arange(1000), 5, 3),
        ("holdout", MANY, np.arange(1000), 5, 20),
        ("oof", MANY, np.arange(1000) // 2, 5, 3),
        ("holdout", MANY, np.arange(1000) // 2, 5, 20),
        ("oof", MANY, MIXED, 5, 3),
    ],
)
def test_every_fit_learns_every_class(fit_on, labels, groups, folds, seeds):
    classes = [f"class {number}" for number in range(100)]
    for seed in range(seeds):
        received = plan_fits(fit_on, labels, groups, folds, 0.2, seed, classes)

        for fold in (*received.folds, received.final):
            assert set(labels[fold.learn]) == set(labels)


def test_a_fold_that_takes_all_of_a_class_is_an_error_that_another_seed_mends():
    labels, groups = np.array([1, 0, 1, 0, 1]), np.array([0, 0, 0, 1, 2])  # group 0 holds both classes

    with pytest.raises(
        PipelineError,
        match=r"^stacking\.seed: with 597, fold \d of 2 takes every training image of dogs, .* another stacking\.seed",
    ):
        plan_fits("oof", labels, groups, 2, 0.2, 597, PETS)

    for fold in plan_fits("oof", labels, groups, 2, 0.2, 1, PETS).folds:
        assert set(labels[fold.learn]) == {0, 1}


def test_a_held_out_draw_that_takes_all_of_a_class_is_an_error():
    with pytest.raises(
        PipelineError,
        match=r"^stacking\.holdout: 0\.9 with stacking\.seed 0 leaves the members no training image of dogs: lower",
    ):
        plan_fits("holdout", np.repeat([0, 1], [90, 4]), np.arange(94), 5, 0.9, 0, PETS)


def test_a_held_out_draw_that_takes_nothing_of_a_class_is_an_error():
    labels = np.array([0, 1, 0, 1, *[0] * 20])
    groups = np.array([0, 0, 1, 1, *range(2, 22)])  # both dogs lie in groups that count as cats

    with pytest.raises(
        PipelineError, match=r"^stacking\.holdout: 0\.05 .* leaves the meta-model no training image of dogs: raise"
    ):
        plan_fits("holdout", labels, groups, 5, 0.05, 0, PETS)
