import numpy as np
import pytest

from stacker.uncertainty.next_photos import choose_next, join_space, measure_disagreement


def test_disagreement_is_the_entropy_of_the_mean_less_the_mean_entropy():
    members = {
        "first": np.array([[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]]),
        "second": np.array([[0.0, 1.0], [0.5, 0.5], [0.9, 0.1]]),
        "third": np.array([[1.0, 0.0], [0.5, 0.5], [0.3, 0.7]]),
    }

    received = measure_disagreement(members)

    def entropy(*shares):
        return -sum(share * np.log(share) for share in shares)

    assert received[0] == pytest.approx(entropy(2 / 3, 1 / 3))
    assert received[1] == 0  # all are unsure alike: they do not disagree
    assert received[2] == pytest.approx(entropy(0.7, 0.3) - (2 * entropy(0.9, 0.1) + entropy(0.3, 0.7)) / 3)


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


def test_the_first_choice_is_the_largest_disagreement_and_the_next_weighs_distance_too():
    disagreement = np.array([0.5, 0.9, 0.8, 0.2, 0.3])
    space = np.array([[0.0], [10.0], [10.1], [0.5], [30.0]], np.float32)

    # beside row 1, row 2 is nearly the same photo: 0.8 * 0.01; row 4 is far: 0.3 * 400; row 0: 0.5 * 100
    assert choose_next(disagreement, space, 4).tolist() == [1, 4, 0, 3]


def test_copies_and_photos_without_disagreement_are_never_chosen():
    disagreement = np.array([0.5, 0.5, 0.0, 0.1])
    space = np.array([[1.0], [1.0], [9.0], [2.0]], np.float32)

    assert choose_next(disagreement, space, 4).tolist() == [0, 3]
    assert choose_next(np.zeros(3), space[:3], 2).tolist() == []
    assert choose_next(np.empty(0), space[:0], 2).tolist() == []


def test_no_more_are_chosen_than_asked_for():
    generator = np.random.default_rng(0)

    chosen = choose_next(generator.random(30), generator.normal(size=(30, 4)).astype(np.float32), 7)

    assert len(set(chosen.tolist())) == 7
