import numpy as np
import pytest
from helpers import make_predictions

from stacker.ensembles.held_out_rows import HeldOutRows, cross_fit, gather_held_out


def make_rows(**changes):
    labels = np.array([0, 1, 0, 0, 1, 0])
    rows = HeldOutRows({"a": np.arange(6.0)[:, np.newaxis]}, labels, np.arange(6), np.array([1, 0, 2, 0, 1, 2]), False)
    return rows._replace(**changes)


def test_cross_fitting_never_shows_a_row_to_what_predicts_it_and_keeps_the_order():
    seen = []

    def fit(rows):
        learnt = rows.logits["a"][:, 0].tolist()
        seen.append(learnt)
        return lambda logits: np.array([[value[0], min(learnt)] for value in logits["a"]])

    received = cross_fit(make_rows(), fit)

    assert seen == [[0, 2, 4, 5], [1, 2, 3, 5], [0, 1, 3, 4]]  # all but cut 0 (rows 1, 3), cut 1 (0, 4), cut 2 (2, 5)
    assert received.tolist() == [[0, 1], [1, 0], [2, 0], [3, 0], [4, 1], [5, 0]]


def test_balanced_weights_give_every_class_the_same_total_also_in_a_part():
    rows = make_rows(is_balanced=True)

    assert rows.weights == pytest.approx([0.75, 1.5, 0.75, 0.75, 1.5, 0.75])
    assert rows.take(np.array([0, 1, 2])).weights == pytest.approx([0.75, 1.5, 0.75])
    assert rows.take(np.array([0, 4])).weights == pytest.approx([1, 1])
    assert make_rows().weights.tolist() == [1] * 6


def test_taking_rows_takes_all_that_belongs_to_them():
    part = make_rows().take(np.array([False, True, False, False, True, False]))

    assert part.logits["a"].tolist() == [[1], [4]]
    assert (part.labels.tolist(), part.groups.tolist(), part.cuts.tolist()) == ([1, 1], [1, 4], [0, 1])


@pytest.mark.parametrize(
    ("class_weights", "of_members", "expected"),
    [
        ("auto", (True, True), True),
        ("auto", (True, False), False),
        ("auto", (False, False), False),
        ("balanced", (False, False), True),
        (None, (True, True), False),
    ],
)
def test_class_weights_are_those_of_the_members_unless_told(class_weights, of_members, expected):
    members = {
        label: make_predictions(held_out_rows=np.array([3, 1]), is_balanced=np.array(is_balanced))
        for label, is_balanced in zip("ab", of_members, strict=True)
    }

    rows = gather_held_out(members, np.array([0, 1, 0, 1]), np.array([5, 6, 7, 8]), class_weights)

    assert rows.is_balanced == expected
    assert (rows.labels.tolist(), rows.groups.tolist(), rows.cuts.tolist()) == ([1, 1], [8, 6], [0, 1])


def test_rows_that_the_members_had_learnt_are_leaked():
    assert make_rows(cuts=np.full(6, -1)).is_leaked
    assert not make_rows().is_leaked
