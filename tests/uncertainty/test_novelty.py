import numpy as np
import pytest
from sklearn.covariance import LedoitWolf

from stacker.uncertainty import novelty
from stacker.uncertainty.novelty import (
    find_novelty_threshold,
    learn_familiar,
    measure_novelty,
    pack_familiar,
    unpack_familiar,
)


def draw_features(count: int, seed: int, kind: int = 0) -> np.ndarray:
    """Features of one kind of photo: positive, spread in a few directions."""
    draws = np.random.default_rng(seed)
    directions = np.random.default_rng(kind).normal(size=(6, 300))
    mixed = draws.normal(size=(count, 6)) @ directions + 8 + draws.normal(size=(count, 300))
    return np.maximum(mixed, 0).astype(np.float32)


@pytest.mark.parametrize("width", [5, 300])
def test_a_typical_unseen_photo_has_novelty_one(width):
    learnt, unseen = draw_features(400, 1)[:, :width], draw_features(201, 2)[:, :width]

    familiar = learn_familiar(learnt, unseen)

    assert np.median(measure_novelty(unseen, familiar)) == pytest.approx(1.0, rel=1e-5)
    assert familiar.centre.shape == (min(width, 128),)


def test_the_distance_is_that_of_mahalanobis_with_a_shrunk_covariance():
    """Five features are too few to be projected: scikit-learn computes the same from directions."""
    learnt = draw_features(40, 1)[:, :5]
    points = draw_features(9, 3, kind=1)[:, :5]

    received = measure_novelty(points, learn_familiar(learnt, learnt))

    plain, units = (values / np.linalg.norm(values, axis=1, keepdims=True) for values in (learnt, points))
    expected = LedoitWolf().fit(plain).mahalanobis(units)
    np.testing.assert_allclose(received / received[0], expected / expected[0], rtol=1e-3)


def test_other_features_stand_out_and_the_length_of_features_does_not_matter():
    familiar = learn_familiar(draw_features(800, 1), draw_features(200, 2))
    like = measure_novelty(draw_features(200, 3), familiar)
    unlike = measure_novelty(draw_features(50, 4, kind=1), familiar)

    assert unlike.min() > np.quantile(like, 0.99)
    np.testing.assert_allclose(measure_novelty(3 * draw_features(200, 3), familiar), like, rtol=1e-4)


def test_many_rows_are_measured_in_blocks_and_learnt_from_a_sample(monkeypatch):
    learnt, unseen = draw_features(90, 1), draw_features(25, 2)
    whole = measure_novelty(unseen, learn_familiar(learnt[::9], learnt[:40]))

    monkeypatch.setattr(novelty, "MOST_ROWS", 10)

    np.testing.assert_allclose(measure_novelty(unseen, learn_familiar(learnt, learnt[:40])), whole, rtol=1e-5)


@pytest.mark.parametrize("count", [1, 2, 30])
def test_few_photos_and_equal_ones_give_finite_numbers(count):
    for learnt in (draw_features(count, 1), np.ones((count, 300), np.float32), np.zeros((count, 4), np.float32)):
        received = measure_novelty(learnt, learn_familiar(learnt, learnt))

        assert np.isfinite(received).all()
        assert (received >= 0).all()


def test_what_is_packed_comes_back_and_gives_the_same():
    familiar = learn_familiar(draw_features(400, 1), draw_features(100, 2))

    packed = pack_familiar(familiar)

    assert len(packed.model_dump_json()) < 60_000
    received = unpack_familiar(type(packed).model_validate_json(packed.model_dump_json()))
    np.testing.assert_array_equal(received.whitening, familiar.whitening)
    np.testing.assert_array_equal(
        measure_novelty(draw_features(9, 5), received), measure_novelty(draw_features(9, 5), familiar)
    )


def test_the_threshold_leaves_two_photos_in_a_hundred_above_it():
    """(99 + 1) x 0.98 = 98: the 98th smallest of 99; 48 photos are too few to tell one in fifty."""
    values = np.random.default_rng(0).permutation(np.arange(1, 100)).astype(np.float32)

    assert find_novelty_threshold(values) == 98.0
    assert find_novelty_threshold(values[:49]) == values[:49].max()
    assert find_novelty_threshold(values[:48]) is None
