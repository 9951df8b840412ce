"""Which photos the page offers to click on."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from helpers import make_predictions, write_image
from page_models import CLASSES, SIDE, write_light_model, write_plain_photo

from stacker.artifacts.arrays import MANIFEST
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import save_predictions
from stacker.using.classifier import load
from stacker.using.page.answering import Answering
from stacker.using.page.examples import (
    RIGHT,
    UNKNOWN,
    WRONG,
    Rows,
    choose_rows,
    load_examples,
    load_rows,
    open_examples,
    split_examples,
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "ensemble.h5"
    write_light_model(path)
    return load(path)


@pytest.fixture
def member(model):
    """The description as of a member, whose predictions are quick to write."""
    return model.description.model_copy(update={"kind": "member", "label": "first"})


@pytest.fixture
def split(workspace):
    """A test split: grey 200, 30, 220, 10, called light, dark, dark, dark; the third is a mistake of its label."""
    folder = Path("data/arrays/test")
    folder.mkdir(parents=True)
    greys = np.array([200, 30, 220, 10], np.uint8)
    np.save(folder / "images.npy", np.broadcast_to(greys[:, None, None, None], (4, SIDE, SIDE, 3)))
    np.save(folder / "labels.npy", np.array([1, 0, 0, 0]))
    Path("data/arrays/classes.json").write_text(json.dumps(CLASSES))
    with MANIFEST.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([["path", "split"], ["x/other.png", "train"], *([f"x/{row}.png", "test"] for row in range(4))])
    Path("data/predictions/members").mkdir(parents=True)
    logits = np.array([[3.0], [-5.0], [4.0], [-6.0]], np.float32)
    save_predictions("first", make_predictions(test=logits))


def test_right_ones_of_all_classes_in_turn_then_the_worst_mistakes():
    labels = np.array([0, 0, 0, 0, 0, 1, 1, 0, 1, 1])
    second = np.array([0.1, 0.2, 0.1, 0.1, 0.7, 0.9, 0.4, 0.9, 0.3, 0.45])

    rows = choose_rows(Rows(labels, np.column_stack([1 - second, second])))

    assert rows == [0, 5, 1, 2, 7, 4, 8, 6]


def test_of_more_classes_than_there_are_places_the_first_ones_are_shown():
    assert choose_rows(Rows(np.arange(6), np.eye(6))) == [0, 1, 2, 3]


def test_test_photos_come_with_their_classes(split, member):
    examples = load_examples(member)

    assert [(photo.name, photo.truth, int(photo.image[0, 0, 0])) for photo in examples] == [
        ("1.png", "dark", 30),
        ("0.png", "light", 200),
        ("3.png", "dark", 10),
        ("2.png", "dark", 220),
    ]


def test_examples_are_grouped_by_what_the_model_says_of_them(split, member, model, tmp_path):
    write_plain_photo(tmp_path / "more" / "new.png", 230)
    examples = load_examples(member) + open_examples(Answering(model), tmp_path / "more")

    groups = split_examples(Answering(model), examples)

    named = {title: [photo.name for photo in photos] for title, photos in groups.items()}
    assert named == {RIGHT: ["1.png", "0.png", "3.png"], WRONG: ["2.png"], UNKNOWN: ["new.png"]}


def test_without_examples_there_are_no_groups(model):
    assert split_examples(Answering(model), []) == {}


def test_a_folder_called_like_a_class_says_what_is_in_it(model, tmp_path):
    write_plain_photo(tmp_path / "dark" / "b.png", 10)
    write_plain_photo(tmp_path / "light" / "a.png", 240)
    write_plain_photo(tmp_path / "z.png", 240)

    examples = open_examples(Answering(model), tmp_path)

    assert [(photo.name, photo.truth) for photo in examples] == [("b.png", "dark"), ("a.png", "light"), ("z.png", None)]


def test_a_file_that_cannot_be_an_example_is_named(model, tmp_path):
    write_plain_photo(tmp_path / "a.png", 240)
    (tmp_path / "b.jpg").write_text("text")

    with pytest.raises(PipelineError, match=r"b\.jpg cannot be an example: this is no image"):
        open_examples(Answering(model), tmp_path)


def test_arrays_of_other_classes_are_refused(split, member):
    Path("data/arrays/classes.json").write_text(json.dumps(["cat", "dog"]))

    with pytest.raises(PipelineError, match=r"data/arrays has the classes \['cat', 'dog'\], the model has"):
        load_rows(member, "test")


def test_arrays_of_another_size_are_refused(split, member):
    preparation = member.preparation.model_copy(update={"side": 99})

    with pytest.raises(PipelineError, match="data/arrays has 16 px, the model takes 99 px"):
        load_examples(member.model_copy(update={"preparation": preparation}))


def test_predictions_of_another_split_are_refused(split, member):
    np.save("data/arrays/test/labels.npy", np.array([1, 0]))

    with pytest.raises(PipelineError, match="differ in the test split"):
        load_rows(member, "test")


def test_a_folder_without_data_is_told(workspace, model):
    write_image(Path("photo.png"), np.zeros((4, 4, 3), np.uint8))

    with pytest.raises(PipelineError, match=r"data/arrays/classes\.json is missing"):
        load_rows(model.description, "validation")
