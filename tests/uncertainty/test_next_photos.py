import numpy as np
import pytest

from stacker.uncertainty.next_photos import choose_next, join_space, measure_vote_entropy


def test_vote_entropy_is_that_of_the_mean_of_the_votes():
    members = {
        "first": np.array([[1.0, 0.0], [0.5, 0.5], [0.9, 0.1], [1.0, 0.0]]),
        "second": np.array([[0.0, 1.0], [0.5, 0.5], [0.9, 0.1], [1.0, 0.0]]),
        "third": np.array([[1.0, 0.0], [0.5, 0.5], [0.3, 0.7], [1.0, 0.0]]),
    }

    received = measure_vote_entropy(members)

    def entropy(*shares):
        return -sum(share * np.log(share) for share in shares)

    expected = [entropy(2 / 3, 1 / 3), np.log(2), entropy(0.7, 0.3), 0]
    assert received.tolist() == pytest.approx(expected)


def test_every_feature_and_every_member_counts_the_same_in_the_space():
    generator = np.random.default_rng(0)
    first = generator.normal(size=(200, 50)) * np.geomspace(0.01, 100, 50) + 1000
    second = generator.normal(size=(200, 2))
    constant = np.full((200, 3), 0.1)

    space = join_space({"first": first, "second": np.hstack([second, constant])})

    assert space.dtype == np.float32
    assert space.shape == (200, 55)
    assert (space[:, :50] ** 2).sum() == pytest.approx(200, rel=1e-3)
    assert (space[:, 50:] ** 2).sum() == pytest.approx(200, rel=1e-3)
    assert not space[:, 52:].any()


def test_the_space_of_no_photo_is_empty():
    assert join_space({"first": np.empty((0, 3), np.float32)}).shape == (0, 3)


def test_the_first_is_the_heaviest_and_the_others_are_drawn_by_weight_and_squared_distance():
    weights = np.array([0.5, 0.9, 0.8, 0.2])
    space = np.array([[0.0], [10.0], [11.0], [13.0]], np.float32)

    draws = [choose_next(weights, space, 2, seed).tolist() for seed in range(4000)]

    gains = np.array([0.5 * 100, 0, 0.8 * 1, 0.2 * 9])
    shares = np.bincount([second for _, second in draws], minlength=4) / 4000
    assert {first for first, _ in draws} == {1}
    np.testing.assert_allclose(shares, gains / gains.sum(), atol=0.01)


def test_distance_is_to_the_nearest_that_is_chosen():
    weights = np.array([1.0, 0.9, 0.9, 0.9])
    space = np.array([[0.0], [100.0], [100.0001], [0.0]], np.float32)

    for seed in range(20):
        assert sorted(choose_next(weights, space, 2, seed)[1:].tolist()) in ([1], [2])
        third = choose_next(weights, space, 3, seed)
        assert set(third.tolist()) == {0, 1, 2}  # row 3 is a copy of row 0: no distance is left


def test_the_same_photos_are_chosen_each_time():
    generator = np.random.default_rng(0)
    weights, space = generator.random(30), generator.normal(size=(30, 4)).astype(np.float32)

    chosen = choose_next(weights, space, 7)

    assert len(set(chosen.tolist())) == 7
    assert chosen.tolist() == choose_next(weights, space, 7).tolist()


def test_copies_and_photos_without_weight_are_never_chosen():
    weights = np.array([0.5, 0.5, 0.0, 0.1])
    space = np.array([[1.0], [1.0], [9.0], [2.0]], np.float32)

    assert choose_next(weights, space, 4).tolist() == [0, 3]
    assert choose_next(np.zeros(3), space[:3], 2).tolist() == []
    assert choose_next(np.empty(0), space[:0], 2).tolist() == []
