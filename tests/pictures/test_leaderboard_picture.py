"""The leaderboard's picture: the marks, the numbers, and who lies outside."""

import pytest
from made_up_models import NOTHING, read_text

from stacker.pictures.leaderboard_picture import draw_leaderboard
from stacker.pictures.look import fixed_look
from stacker.scoring.standings import Model, Standing


def make_standing(kind, name, loss, accuracy, held_out_loss=None, held_out_accuracy=None):
    """Scores with intervals of 0.02 to either side; those of the held-out rows are the same, unless told."""
    scores = {"n": 600, "groups": 600, "log_loss": loss, "accuracy": accuracy}
    scores |= {f"{name}_low": scores[name] - 0.02 for name in ("log_loss", "accuracy")}
    scores |= {f"{name}_high": scores[name] + 0.02 for name in ("log_loss", "accuracy")}
    held_out = {"log_loss": held_out_loss or loss, "accuracy": held_out_accuracy or accuracy}
    return Standing(Model(kind, name, NOTHING, NOTHING), held_out, scores)


STANDINGS = [
    make_standing("ensemble", "ensemble", 0.11, 0.95, held_out_loss=0.1),
    make_standing("member", "first", 0.12, 0.94),
    make_standing("member", "second", 0.105, 0.93, held_out_loss=0.13),
    make_standing("baseline", "mean", 0.14, 0.92),
    make_standing("member", "poor", 1.75, 0.515),
]


def draw(standings, best_member="first"):
    with fixed_look():
        figure = draw_leaderboard(standings, best_member)
        figure.canvas.draw()
    return figure


def test_both_sides_are_in_the_order_of_the_standings_and_the_best_member_is_marked_once():
    figure = draw(STANDINGS)

    loss, _, accuracy, _ = figure.axes
    names = [label.get_text() for label in loss.get_yticklabels()]
    assert names == ["1. ensemble", "2. first ★", "3. second", "4. baseline: mean", "5. poor"]
    assert "★: the best member" in read_text(figure)
    for axes, losses in ((loss, [0.11, 0.12, 0.105, 0.14]), (accuracy, [0.95, 0.94, 0.93, 0.92])):
        dots = [line.get_xydata()[0] for line in axes.lines if line.get_marker() in ("o", "D")]
        filled = [tuple(dot) for dot in dots if dot[1] == int(dot[1])]
        assert filled[:4] == [(value, row) for row, value in enumerate(losses)]


def test_a_single_member_needs_no_mark():
    assert "★" not in read_text(draw(STANDINGS[:2]))


def test_who_lies_outside_is_said_with_the_value_and_does_not_squeeze_the_others():
    loss, _, accuracy, _ = draw(STANDINGS).axes

    (note,) = loss.texts
    assert (note.get_text(), note.xy) == ("1.7500, outside ▶", (1.0, 4))
    assert loss.get_xlim() == pytest.approx((0.085 - 0.0045, 0.16 + 0.0045))
    (note,) = accuracy.texts
    assert (note.get_text(), note.xy) == ("◀ 0.5150, outside", (0.0, 4))
    assert accuracy.get_xlim()[0] > 0.89


def test_where_all_fit_nobody_lies_outside():
    figure = draw(STANDINGS[:4])

    assert "outside" not in read_text(figure)


def test_the_numbers_stand_beside_the_panel_the_best_in_bold():
    _, losses, _, accuracies = draw(STANDINGS).axes

    cells = {(text.get_position()[0], text.get_position()[1]): text for text in losses.texts}
    header = {text.get_text(): x for (x, y), text in cells.items() if y < 0}
    assert [cells[header["held-out"], row].get_text() for row in range(5)] == [
        "0.1000",
        "0.1200",
        "0.1300",
        "0.1400",
        "1.7500",
    ]
    assert cells[header["test"], 2].get_text() == "0.1050"
    bold = {(text.get_text(), text.get_position()[1]) for text in losses.texts if text.get_weight() == "bold"}
    assert bold == {("0.1000", 0), ("0.1050", 2)}
    assert {text.get_text() for text in accuracies.texts if text.get_weight() == "bold"} == {"0.9500"}
