from pathlib import Path

import pytest

from stacker.artifacts.errors import PipelineError
from stacker.photos.label_conflicts import find_conflicts, handle_conflicts, report_near_conflicts
from stacker.photos.listing import ImageFile

FILES = [
    ImageFile(Path("train/cat/1.jpg"), 0, "train"),
    ImageFile(Path("train/cat/2.jpg"), 0, "train"),
    ImageFile(Path("train/dog/3.jpg"), 1, "train"),
    ImageFile(Path("test/dog/4.jpg"), 1, "test"),
    ImageFile(Path("test/owl/5.jpg"), 2, "test"),
]
CLASSES = ["cat", "dog", "owl"]
TWICE = ["a", "b", "c", "a", "a"]  # cat/1, dog/4 and owl/5 are one file


def test_rows_of_one_key_with_several_labels_conflict():
    assert find_conflicts([0, 1, 0, 0, 1, 1], ["x", "y", "z", "x", "z", "y"]) == [[2, 4]]


def test_one_photo_under_several_classes_is_an_error_that_names_all_its_files():
    with pytest.raises(PipelineError) as caught:
        handle_conflicts(FILES, TWICE, CLASSES, "error")

    first, listed = str(caught.value).splitlines()
    assert first.startswith("1 photo(s) stand under more than one class, byte for byte: one of the labels is wrong.")
    assert "data.label_conflicts: report" in first
    assert listed == "  train/cat/1.jpg (cat) and test/dog/4.jpg (dog) and test/owl/5.jpg (owl)"


def test_or_it_is_reported(capsys):
    handle_conflicts(FILES, TWICE, CLASSES, "report")

    assert capsys.readouterr().out.startswith(
        "warning: 1 photo(s) stand under more than one class, byte for byte:\n  tr"
    )


def test_copies_within_a_class_are_fine(capsys):
    handle_conflicts(FILES, ["a", "a", "b", "b", "c"], CLASSES, "error")

    assert capsys.readouterr().out == ""


def test_near_duplicates_under_two_classes_are_reported_unless_they_are_equal(capsys):
    groups = [7, 8, 8, 7, 9]  # cat/2 with dog/3, cat/1 with dog/4
    report_near_conflicts(FILES, groups, ["a", "b", "c", "a", "e"])
    assert (
        "warning: 1 group(s) of near duplicates hold more than one class, such as train/cat/2.jpg, train/dog/3.jpg:"
        in (capsys.readouterr().out)
    )

    report_near_conflicts(FILES, [1, 1, 2, 2, 3], ["a", "b", "c", "d", "e"])
    assert capsys.readouterr().out == ""
