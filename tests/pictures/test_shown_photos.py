"""Which photos the contact sheet shows, and how it calls them."""

from pathlib import Path

import numpy as np
import pytest

from stacker.pictures.shown_photos import collect_votes, find_least_sure, find_mistakes, read_paths, write_title


def test_mistakes_are_the_surest_first():
    labels = np.array([0, 0, 1, 1, 0])
    probabilities = np.array([[0.4, 0.6], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.1, 0.9]])

    assert find_mistakes(labels, probabilities).tolist() == [2, 4, 0, 3]
    assert find_mistakes(labels, probabilities, most=1).tolist() == [2]
    assert find_mistakes(labels, np.eye(2)[labels]).tolist() == []


def test_the_least_sure_come_first_whichever_class_they_are_of():
    probabilities = np.array([[0.9, 0.1], [0.4, 0.6], [0.05, 0.95], [0.6, 0.4], [0.55, 0.45]])

    assert find_least_sure(probabilities, most=4).tolist() == [4, 1, 3, 0]


@pytest.mark.parametrize(
    ("shown", "wrong", "expected"),
    [
        (12, 0, "boss makes no mistake on 1,000 test photos.\nBelow: the 12 photos that it is least sure of"),
        (1, 0, "boss makes no mistake on 1,000 test photos.\nBelow: the photo that it is least sure of"),
        (1, 1, "The one mistake of boss on 1,000 test photos"),
        (3, 3, "All 3 mistakes of boss on 1,000 test photos, the surest first"),
        (12, 61, "The 12 surest of 61 mistakes of boss on 1,000 test photos"),
    ],
)
def test_every_count_is_said_in_good_english(shown, wrong, expected):
    assert write_title("boss", shown, wrong, 1000) == expected


def test_votes_are_each_models_own_class_and_its_probability():
    votes = {"ensemble": np.array([[0.4, 0.6]]), "first": np.array([[0.7, 0.3]])}

    assert collect_votes(votes, 0, ["cat", "dog"]) == [("ensemble", "dog", 0.6), ("first", "cat", 0.7)]


def test_paths_are_those_of_the_split_in_its_order(tmp_path):
    manifest = Path(tmp_path / "manifest.csv")
    manifest.write_text('path,class,split\nb.png,cat,test\na.png,cat,train\n"a,c.png",dog,test\n')

    assert read_paths(manifest, "test") == ["b.png", "a,c.png"]
