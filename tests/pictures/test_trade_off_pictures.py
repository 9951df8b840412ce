"""ROC and precision-recall: who is named outside the corner, and the table of classes."""

import numpy as np
import pytest
from made_up_models import NOTHING, make_models, name_classes, read_text
from sklearn import metrics

from stacker.pictures.class_table import choose_classes
from stacker.pictures.look import fixed_look
from stacker.pictures.trade_off_pictures import MOST_POINTS, draw_precision_recall, draw_roc, thin_curve
from stacker.scoring.standings import Model

LABELS = np.array([0, 0, 0, 1, 1])


def make_model(name, *scores):
    """A member that gives the second class these probabilities."""
    second = np.array(scores)
    return Model("member", name, NOTHING, np.stack([1 - second, second], axis=1))


PERFECT = make_model("perfect", 0.1, 0.2, 0.3, 0.8, 0.9)
GOOD = make_model("good", 0.1, 0.2, 0.3, 0.7, 0.9)
POOR = make_model("poor", 0.1, 0.2, 0.9, 0.8, 0.3)  # in both pictures it keeps away from the corner


@pytest.mark.parametrize(("draw", "score"), [(draw_roc, "0.6667"), (draw_precision_recall, "0.5833")])
def test_who_does_not_reach_the_corner_is_named_with_the_score(draw, score):
    with fixed_look():
        _, corner = draw([PERFECT, POOR, GOOD], LABELS, ["cat", "dog"]).axes

    note = " ".join(corner.get_xlabel().split())
    assert note.endswith(f" outside this corner: poor {score}")


@pytest.mark.parametrize("draw", [draw_roc, draw_precision_recall])
def test_nobody_is_called_outside_who_reaches_the_corner(draw):
    with fixed_look():
        figure = draw([PERFECT, GOOD], LABELS, ["cat", "dog"])

    assert "outside" not in read_text(figure)
    assert len(figure.axes) == 2  # two classes need no table


@pytest.mark.parametrize(("poor", "span"), [(1, 0.05), (2, 5 / 6)])
def test_the_corner_holds_what_the_median_model_needs(poor, span):
    """Perfect models need the least corner; POOR passes at a third from the ideal place: 2.5 times that."""
    models = [PERFECT, *[POOR._replace(name=f"poor {number}") for number in range(poor)]] + [GOOD] * (2 - poor)

    with fixed_look():
        _, corner = draw_roc(models, LABELS, ["cat", "dog"]).axes

    assert corner.get_xlim() == pytest.approx((-0.03 * span, span))
    assert corner.get_ylim() == pytest.approx((1 - span, 1 + 0.03 * span))


def test_of_several_classes_there_is_a_table_of_each_ones_score():
    labels, models = make_models(2, 3)

    with fixed_look():
        _, _, table = draw_roc(models, labels, ["cat", "dog", "owl"]).axes

    assert [label.get_text() for label in table.get_xticklabels()] == ["cat", "dog", "owl"]
    lines = [label.get_text() for label in table.get_yticklabels()]
    assert lines == ["member_0", "member_1", "ensemble"]  # baselines have their curves alone
    cells = {text.get_position(): text.get_text() for text in table.texts}
    ensemble = models[-1]
    for column in range(3):
        auc = metrics.roc_auc_score(labels == column, ensemble.test[:, column])
        assert cells[column, 2] == f"{auc:.4f}"


def test_of_many_classes_the_table_has_the_lowest():
    labels, models = make_models(1, 12, n=48)

    with fixed_look():
        _, _, table = draw_precision_recall(models, labels, name_classes(12)).axes

    assert len(table.get_xticklabels()) == 10
    assert table.get_title() == "average precision of each class: the 10 lowest of 12, by their mean"


def test_the_classes_are_the_lowest_by_their_mean():
    scores = np.array([[0.9, 0.1, 0.8, 0.5], [0.2, 0.9, 0.9, 0.4]])

    assert choose_classes(scores, most=2).tolist() == [3, 1]
    assert choose_classes(scores, most=4).tolist() == [0, 1, 2, 3]


def test_a_long_curve_is_thinned_evenly_and_keeps_its_ends():
    x, y = thin_curve(np.arange(101), np.arange(101) ** 2, most=5)

    assert x.tolist() == [0, 25, 50, 75, 100]
    assert y.tolist() == [0, 625, 2500, 5625, 10_000]
    assert thin_curve(x, y, most=5)[0] is x


@pytest.mark.parametrize("draw", [draw_roc, draw_precision_recall])
def test_of_many_rows_and_classes_no_curve_has_millions_of_points(draw):
    """150 rows of 150 classes are 22,500 questions: few points, and those where recall rises are among them."""
    labels, models = make_models(1, 150, n=150)

    with fixed_look():
        whole, *_ = draw(models, labels, name_classes(150)).axes

    for line in whole.get_lines():
        assert len(line.get_xdata()) <= MOST_POINTS
        rising = line.get_ydata() if draw is draw_roc else line.get_xdata()
        assert len(np.unique(rising)) > 130
