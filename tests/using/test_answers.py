import numpy as np
import pytest

from stacker.using.answers import Answers, join_answers


def make_answers(probabilities: list[list[float]], is_novel: list[bool], threshold: float = 0.2) -> Answers:
    values = np.array(probabilities)
    names = ["ant", "bee", "cow", "doe", "elk", "fox"][: values.shape[1]]
    sets = {"0.9": values > 0.45, "0.95": values > threshold, "0.99": values > 0.01}
    novelty = np.arange(len(values), dtype=np.float32)
    return Answers(names, values, {"first": values[:, ::-1]}, sets, "0.95", novelty, np.array(is_novel), {})


@pytest.mark.parametrize(
    ("probabilities", "is_novel", "verdict"),
    [
        ([0.1, 0.8, 0.1], False, "bee"),
        ([0.3, 0.6, 0.1], False, "bee or ant"),
        ([0.25, 0.35, 0.4], False, "cow, bee or ant"),
        ([0.1, 0.8, 0.1], True, "none of these"),
    ],
)
def test_a_verdict_names_the_classes_of_the_set_the_likely_ones_first(probabilities, is_novel, verdict):
    assert make_answers([probabilities], [is_novel]).verdicts == [verdict]


def test_a_long_set_is_cut():
    answers = make_answers([[0.12, 0.2, 0.21, 0.16, 0.16, 0.15]], [False], threshold=0.11)

    assert answers.verdicts == ["cow, bee, doe or 3 more"]
    assert answers.list_set(0, "0.95") == ["cow", "bee", "doe", "elk", "fox", "ant"]


def test_the_level_of_the_verdict_can_be_another():
    answers = make_answers([[0.3, 0.6, 0.1]], [False])

    assert answers._replace(level="0.9").verdicts == ["bee"]
    assert answers._replace(level="0.99").verdicts == ["bee, ant or cow"]


def test_answers_are_joined_in_order():
    first, second = make_answers([[0.1, 0.9]], [False]), make_answers([[0.7, 0.3], [0.8, 0.2]], [True, False])

    joined = join_answers([first, second])

    assert joined.names == ["bee", "ant", "ant"]
    assert joined.is_novel.tolist() == [False, True, False]
    assert joined.novelty.tolist() == [0, 0, 1]
    assert joined.members["first"].tolist() == [[0.9, 0.1], [0.3, 0.7], [0.2, 0.8]]
    assert [joined.sets[level].shape for level in joined.sets] == [(3, 2)] * 3
