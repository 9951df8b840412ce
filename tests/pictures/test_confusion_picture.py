"""Confusion: what the matrices count and colour, and the pairs that stand in for them."""

import numpy as np
import pytest
from made_up_models import NOTHING, make_models, name_classes, read_text

from stacker.pictures.confusion_picture import draw_confusion, find_pairs
from stacker.pictures.look import fixed_look
from stacker.scoring.standings import Model


def answer(predicted, classes):
    return Model("member", "only", NOTHING, np.eye(classes)[predicted])


def test_confusion_counts_truth_in_rows():
    labels = np.array([0, 0, 0, 1])

    with fixed_look():
        panel, _ = draw_confusion([answer([1, 1, 0, 1], 2)], labels, ["cat", "dog"]).axes

    cells = {text.get_position(): text.get_text() for text in panel.texts}
    assert cells == {(0, 0): "1", (1, 0): "2", (1, 1): "1"}  # position: (prediction, truth)
    assert "2 of 4 right" in panel.get_title()


def test_errors_have_the_colours_for_themselves():
    labels = np.array([0, 0, 0, 0, 1, 1])
    better = answer([0, 0, 0, 1, 1, 1], 2)._replace(name="better")

    with fixed_look():
        first, second, _ = draw_confusion([answer([0, 1, 1, 1, 1, 1], 2), better], labels, ["cat", "dog"]).axes

    (worse,), (image,) = first.images, second.images
    assert np.ma.filled(worse.get_array(), -1).tolist() == [[-1, 0.75], [0, -1]]  # what is right has no colour
    assert worse.norm.vmax == image.norm.vmax == 0.75  # all panels share the scale
    (right, most), (none, _) = worse.to_rgba(worse.get_array())
    some = image.to_rgba(image.get_array())[0, 1]
    assert right[0] == right[1] == right[2] < 1  # grey
    assert none[:3].tolist() == [1, 1, 1]
    assert sum(most[:3]) < sum(some[:3]) < 3


def test_one_mistake_among_many_photos_is_not_dark():
    labels = np.repeat([0, 1], 200)

    with fixed_look():
        panel, _ = draw_confusion([answer([1, *labels[1:]], 2)], labels, ["cat", "dog"]).axes

    assert panel.images[0].norm.vmax == 0.05


@pytest.mark.parametrize("classes", [2, 25])
def test_without_mistakes_it_says_so(classes):
    labels = np.arange(classes)

    with fixed_look():
        figure = draw_confusion([answer(labels, classes)], labels, name_classes(classes))

    assert len(figure.axes) == 1  # no scale of colours that nothing has
    assert ("no model makes a mistake" if classes == 2 else "no mistake") in read_text(figure)


def test_more_classes_than_fit_get_no_numbers():
    labels, models = make_models(1, 13, n=26)

    with fixed_look():
        panels = draw_confusion(models, labels, name_classes(13)).axes

    assert all(not panel.texts for panel in panels)


@pytest.mark.parametrize(("classes", "is_matrix"), [(20, True), (21, False)])
def test_beyond_twenty_classes_the_pairs_stand_in_for_the_matrix(classes, is_matrix):
    labels = np.array([*range(classes), 3, 3])
    predicted = np.array([*range(classes), 7, 7])
    predicted[5] = 2

    with fixed_look():
        panel = draw_confusion([answer(predicted, classes)], labels, name_classes(classes)).axes[0]

    assert bool(panel.images) == is_matrix
    if not is_matrix:
        assert [label.get_text() for label in panel.get_yticklabels()] == ["class 3 → class 7", "class 5 → class 2"]
        assert [text.get_text() for text in panel.texts] == [" 2 of 3", " 1 of 1"]
        assert [bar.get_width() for bar in panel.patches] == [2, 1]
        assert f"{classes - 1} of {classes + 2} right" in panel.get_title(loc="right")


def test_a_poor_models_bars_end_with_the_axis_that_the_others_share():
    labels = np.array([*range(21), *[3] * 20])
    good = answer([*range(20), 0, *[3] * 20], 21)
    poor = answer([*range(20), 0, *[7] * 20], 21)._replace(name="poor")
    models = [good, good._replace(name="second"), poor]

    with fixed_look():
        panels = draw_confusion(models, labels, name_classes(21)).axes

    assert len({panel.get_xlim() for panel in panels}) == 1
    assert [bar.get_width() for bar in panels[2].patches] == [1, 1]
    assert [text.get_text() for text in panels[2].texts] == [" 20 of 21", " 1 of 1"]


def test_pairs_are_the_most_frequent_errors_first():
    counts = np.array([[90, 2, 0], [5, 80, 2], [0, 7, 70]])

    assert find_pairs(counts) == [(2, 1, 7), (1, 0, 5), (0, 1, 2), (1, 2, 2)]
    assert find_pairs(counts, most=3) == [(2, 1, 7), (1, 0, 5), (0, 1, 2)]
    assert find_pairs(np.diag([3, 4])) == []
