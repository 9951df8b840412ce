"""Heads at their optimum, against scikit-learn's own fit of the same problem."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from stacker.splits.held_out import Fold
from stacker.training import linear_fits
from stacker.training.linear_fits import STRENGTHS, fit_strengths, tune_strength
from stacker.training.logit_losses import compute_losses

N, WIDE = 60, 200


def draw(classes: int = 2, width: int = 7, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Features of unequal means and spreads, and labels that they tell of; the classes are of unequal size."""
    generator = np.random.default_rng(5)
    labels = np.arange(N) * classes // (N + 11) % classes
    labels[:classes] = np.arange(classes)
    centres = generator.normal(size=(classes, width))
    features = (generator.normal(size=(N, width)) + 0.8 * centres[labels]) * np.arange(1, width + 1) + 3
    labels[[9, 17, 33, 46, 58]] = (labels[[9, 17, 33, 46, 58]] + 1) % classes  # wrong ones, so that no fit is perfect
    return (features * scale).astype(np.float32), labels


def fit_by_sklearn(features, labels, rows, strength, weights=None):
    model = make_pipeline(StandardScaler(), LogisticRegression(C=strength, tol=1e-10, max_iter=50_000))
    model.fit(features[rows].astype(np.float64), labels[rows], logisticregression__sample_weight=weights)
    logits = model.decision_function(features.astype(np.float64))
    return logits.reshape(len(features), -1)


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("width", [7, WIDE], ids=["narrow", "rotated"])
def test_a_head_is_what_scikit_learn_fits(classes, width):
    features, labels = draw(classes, width)
    rows = np.flatnonzero(np.arange(N) % 4 != 2)
    assert (width > linear_fits.ROTATED_FROM * len(rows)) is (width == WIDE)

    weak, strong = fit_strengths(features, labels, rows, (0.01, 0.3), is_balanced=False)

    for head, strength in ((weak, 0.01), (strong, 0.3)):
        expected = fit_by_sklearn(features, labels, rows, strength)
        np.testing.assert_allclose(head.predict(features), expected, atol=1e-6 * max(1, np.abs(expected).max()))


def test_a_head_is_the_same_however_many_rows_are_scaled_at_a_time(monkeypatch):
    features, labels = draw(width=7)
    rows = np.arange(0, N, 2)
    (whole,) = fit_strengths(features, labels, rows, (0.1,), is_balanced=False)

    monkeypatch.setattr("stacker.artifacts.row_blocks.BLOCK_VALUES", 4 * 7)  # 7 blocks of four, and one of two
    (parts,) = fit_strengths(features, labels, rows, (0.1,), is_balanced=False)

    np.testing.assert_array_equal(parts.kernel, whole.kernel)
    np.testing.assert_array_equal(parts.bias, whole.bias)


def test_balanced_classes_have_equal_weight():
    features, labels = draw()
    rows = np.arange(50)
    counts = np.bincount(labels[rows])
    weights = len(rows) / (2 * counts[labels[rows]])
    assert counts[0] != counts[1]

    (head,) = fit_strengths(features, labels, rows, (0.1,), is_balanced=True)

    np.testing.assert_allclose(head.predict(features), fit_by_sklearn(features, labels, rows, 0.1, weights), atol=1e-5)


@pytest.mark.parametrize("width", [7, WIDE])
def test_the_scale_of_features_means_nothing(width):
    """Random backbones give features of the order 1e-12."""
    (features, labels), (small, _) = draw(width=width), draw(width=width, scale=1e-12)

    (head,), (other,) = (fit_strengths(values, labels, np.arange(N), (0.1,), False) for values in (features, small))

    np.testing.assert_allclose(other.predict(small), head.predict(features), atol=1e-4)


def test_a_constant_feature_changes_nothing():
    features, labels = draw()
    more = np.hstack([features, np.full((N, 1), 7, np.float32)])

    (head,), (other,) = (fit_strengths(values, labels, np.arange(N), (0.1,), False) for values in (features, more))

    np.testing.assert_allclose(other.predict(more), head.predict(features), atol=1e-6)


def cut(labels: np.ndarray, count: int = 3) -> list[Fold]:
    numbers = np.arange(len(labels)) % count
    return [Fold(np.flatnonzero(numbers != number), np.flatnonzero(numbers == number)) for number in range(count)]


@pytest.mark.parametrize("classes", [2, 3])
def test_a_strength_is_judged_by_rows_that_its_fits_have_not_learnt(classes):
    features, labels = draw(classes)
    folds = cut(labels)

    tuning = tune_strength(features, labels, folds, is_balanced=False)

    assert tuning.strengths == STRENGTHS[: len(tuning.strengths)]
    for strength, loss in zip(tuning.strengths, tuning.losses, strict=True):
        logits = np.empty((N, 1 if classes == 2 else classes))
        for fold in folds:
            logits[fold.predict] = fit_by_sklearn(features, labels, fold.learn, strength)[fold.predict]
        assert loss == pytest.approx(compute_losses(logits, labels)[0].mean(), abs=2e-5)
    assert tuning.losses[tuning.best] == min(tuning.losses)
    assert 0 < tuning.best < len(tuning.losses) - 1  # else nothing was chosen


def test_weak_penalties_are_given_up_after_the_best_one(monkeypatch):
    features, labels = draw()
    tried = len(tune_strength(features, labels, cut(labels), False).losses)
    monkeypatch.setattr(linear_fits, "PATIENCE", 100)

    assert tried < len(tune_strength(features, labels, cut(labels), False).losses) == len(STRENGTHS)


def test_the_loss_of_all_folds_together_decides_when_weak_penalties_are_given_up():
    features, labels = draw()
    wrong = np.array([9, 17, 33, 46, 58])  # no penalty is strong enough for a fold of them
    folds = [*cut(labels), Fold(np.setdiff1d(np.arange(N), wrong), wrong)]

    alone = tune_strength(features, labels, folds[3:], False)
    together = tune_strength(features, labels, folds, False)

    assert alone.best == 0
    assert len(alone.losses) < len(together.losses)
    assert together.best > len(alone.losses)


def test_labels_of_held_out_rows_are_not_learnt_from():
    features, labels = draw(3)
    rows = np.flatnonzero(np.arange(N) % 4 != 2)
    turned = labels.copy()
    turned[2::4] = (turned[2::4] + 1) % 3

    (head,), (other,) = (fit_strengths(features, values, rows, (0.1,), True) for values in (labels, turned))

    np.testing.assert_array_equal(head.predict(features), other.predict(features))


def test_rows_that_are_held_out_weigh_as_their_classes_do():
    features, labels = draw()
    folds = cut(labels)

    plain, balanced = (tune_strength(features, labels, folds, is_balanced) for is_balanced in (False, True))

    strength = balanced.strengths[7]
    logits = np.empty((N, 1))
    for fold in folds:
        weights = len(fold.learn) / (2 * np.bincount(labels[fold.learn])[labels[fold.learn]])
        logits[fold.predict] = fit_by_sklearn(features, labels, fold.learn, strength, weights)[fold.predict]
    losses = compute_losses(logits, labels)[0]
    assert balanced.losses[7] == pytest.approx(np.mean([losses[labels == label].mean() for label in (0, 1)]), abs=2e-5)
    assert abs(plain.losses[7] - balanced.losses[7]) > 0.004


def test_neither_threads_nor_another_cpus_rounding_of_the_features_show():
    features, labels = draw(width=WIDE)
    noise = np.random.default_rng(9).uniform(-1e-6, 1e-6, features.shape)
    heads = []
    for threads, values in ((1, features), (2, (features * (1 + noise)).astype(np.float32))):
        with threadpool_limits(threads):
            strength = tune_strength(values, labels, cut(labels), False)
            (head,) = fit_strengths(values, labels, np.arange(N), (strength.strengths[strength.best],), False)
            heads.append(head.predict(values))

    first, second = (compute_losses(logits, labels)[0].mean() for logits in heads)
    np.testing.assert_array_equal(heads[0] > 0, heads[1] > 0)
    assert first == pytest.approx(second, abs=1e-5)
