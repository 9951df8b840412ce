"""Learning curves: phases, what was kept, and one scale for all that fit on it."""

import pytest
from made_up_models import read_text

from stacker.pictures.learning_curves_picture import OWN, draw_learning_curves
from stacker.pictures.look import fixed_look

HISTORY = {
    "epoch": ["1", "2"],
    "phase": ["head", "fine_tune"],
    "accuracy": ["0.5", "0.65"],
    "loss": ["0.7", "0.55"],
    "val_accuracy": ["0.4", "0.75"],
    "val_loss": ["0.6", "0.45"],
    "learning_rate": ["0.1", "0.05"],
    "strength": ["", ""],
    "kept": ["1", "0"],
}
STEPS = {**HISTORY, "learning_rate": ["", ""]}
PATH = {**STEPS, "phase": ["head", "head"], "strength": ["0.01", "0.1"], "kept": ["0", "1"]}


def draw(histories):
    with fixed_look():
        return draw_learning_curves(histories)


def find_panels(figure):
    """By model, its panel of accuracy and its panel of loss."""
    pairs = zip(figure.axes[::2], figure.axes[1::2], strict=True)
    return {above.get_title().splitlines()[0]: (above, below) for above, below in pairs}


def test_curves_are_those_of_the_history_with_a_line_at_a_phase():
    figure = draw({"member": HISTORY, "ensemble": STEPS, "linear": PATH})

    assert "fine tune" in read_text(figure)
    assert [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()] == ["epoch", "iteration", "C"]
    assert figure.axes[4].get_xscale() == "log"
    assert figure.axes[4].lines[0].get_xydata().tolist() == [[0.01, 0.5], [0.1, 0.65]]
    assert figure.axes[0].lines[0].get_xydata().tolist() == [[1, 0.5], [2, 0.65]]
    assert figure.axes[0].lines[1].get_xydata().tolist() == [[1, 0.4], [2, 0.75]]
    assert figure.axes[1].lines[0].get_xydata().tolist() == [[1, 0.7], [2, 0.55]]
    assert figure.axes[1].lines[1].get_xydata().tolist() == [[1, 0.6], [2, 0.45]]
    for axes in figure.axes[:2]:
        assert [line.get_xdata() for line in axes.lines if line.get_linestyle() == ":"] == [[1.5, 1.5]]


def test_what_was_kept_is_marked_and_said():
    panels = find_panels(draw({"member": HISTORY, "ensemble": STEPS, "linear": PATH}))

    titles = [above.get_title().splitlines()[1] for above, _ in panels.values()]
    assert titles == ["kept: epoch 1", "kept: iteration 1", "kept: C 0.1"]
    for axes in panels["linear"]:
        assert [line.get_markevery() for line in axes.lines[:2]] == [[1], [1]]
        assert [list(line.get_xdata()) for line in axes.lines if line.get_label() == "kept"] == [[0.1, 0.1]]


def test_all_panels_of_a_measure_have_one_scale():
    better = {**HISTORY, "loss": ["0.4", "0.35"], "val_accuracy": ["0.5", "0.8"]}

    panels = find_panels(draw({"first": HISTORY, "second": better}))

    assert panels["first"][0].get_ylim() == panels["second"][0].get_ylim() == pytest.approx((0.376, 0.824))
    assert panels["first"][1].get_ylim() == panels["second"][1].get_ylim() == pytest.approx((0.329, 0.721))


def test_a_poor_model_has_a_scale_of_its_own_and_says_so():
    poor = {**HISTORY, "loss": ["5", "4.5"], "val_loss": ["6", "5.5"]}

    panels = find_panels(draw({"first": HISTORY, "poor": poor, "third": HISTORY, "fourth": HISTORY}))

    assert panels["first"][1].get_ylim() == panels["third"][1].get_ylim() == pytest.approx((0.435, 0.715))
    assert panels["poor"][1].get_ylim() == pytest.approx((4.41, 6.09))
    assert panels["poor"][0].get_ylim() == panels["first"][0].get_ylim()
    marked = [name for name, (_, below) in panels.items() if below.get_ylabel() == "loss, own scale"]
    assert marked == ["poor"]
    assert panels["poor"][1].get_facecolor() != panels["poor"][0].get_facecolor()
    assert OWN != "white"
    # numbers stand on the first panel, on the one with its own scale, and on the one after it
    numbered = {name: below.yaxis.get_tick_params()["labelleft"] for name, (_, below) in panels.items()}
    assert numbered == {"first": True, "poor": True, "third": True, "fourth": False}
