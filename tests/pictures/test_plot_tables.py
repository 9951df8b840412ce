"""The tables that DVC's interactive plots are drawn from."""

import csv
from pathlib import Path

import numpy as np
import pytest
from golden import BINARY, LABELS, THREE, THREE_LABELS
from sklearn.metrics import roc_auc_score

from stacker.pictures import plot_tables
from stacker.pictures.plot_tables import MOST_POINTS, choose_classes, trace_roc, write_plot_tables, write_table
from stacker.scoring.standings import Model

HISTORY = {
    "epoch": ["1", "2", "3"],
    "accuracy": ["0.5", "0.7", "0.9"],
    "loss": ["0.8", "0.6", "0.1"],
    "val_accuracy": ["0.4", "0.65", "0.6"],
    "val_loss": ["0.9", "0.55", "0.7"],
    "kept": ["0", "1", "0"],
}


def make_model(name: str, test: np.ndarray) -> Model:
    return Model("member", name, test, test)


def read_table(name: str) -> list[list[str]]:
    with Path("plots/data", f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_every_table_has_all_models(workspace):
    models = [make_model("first", BINARY), make_model("second", BINARY[:, ::-1])]

    write_plot_tables(models, LABELS, ["cat", "dog"], {"first": HISTORY, "second": HISTORY})

    for name in ("curves", "roc", "confusion"):
        assert {line[0] for line in read_table(name)[1:]} == {"first", "second"}, name
    assert read_table("confusion") == [
        ["model", "actual", "predicted", "photos", "share"],
        ["first", "cat", "cat", "3", "0.75"],
        ["first", "cat", "dog", "1", "0.25"],
        ["first", "dog", "cat", "1", "0.25"],
        ["first", "dog", "dog", "3", "0.75"],
        ["second", "cat", "cat", "1", "0.25"],
        ["second", "cat", "dog", "3", "0.75"],
        ["second", "dog", "cat", "3", "0.75"],
        ["second", "dog", "dog", "1", "0.25"],
    ]
    assert read_table("roc")[0] == ["model", "false_positive_rate", "true_positive_rate"]


def test_curves_have_a_line_for_training_and_one_for_validation(workspace):
    write_plot_tables([], LABELS, ["cat", "dog"], {"first": HISTORY})

    lines = read_table("curves")
    assert lines[0] == ["model", "rows", "epoch", "accuracy", "loss", "kept"]
    assert lines[2] == ["first", "training", "2", "0.7", "0.6", "1"]
    assert lines[6] == ["first", "validation", "3", "0.6", "0.7", "0"]
    assert len(lines) == 7


def test_of_many_classes_those_that_are_confused_most_have_lines(workspace, monkeypatch):
    monkeypatch.setattr(plot_tables, "MOST_CLASSES", 2)
    # 0 is taken for 2 twice, 1 for 0 once: three errors touch class 0, two class 2, one class 1
    labels = np.array([0, 0, 1, 1, 2])
    guesses = np.eye(3)[[2, 2, 0, 1, 2]]

    assert choose_classes([make_model("first", guesses)], labels, 3) == [0, 2]

    write_plot_tables([make_model("first", guesses)], labels, ["ant", "bee", "cow"], {})
    assert [line[1:] for line in read_table("confusion")[1:]] == [
        ["ant", "ant", "0", "0.0"],
        ["ant", "cow", "2", "1.0"],
        ["cow", "ant", "0", "0.0"],
        ["cow", "cow", "1", "1.0"],
    ]


def test_a_roc_of_very_many_points_is_thinned_and_keeps_its_ends():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 9000)
    second = np.clip(labels * 0.1 + generator.random(9000) * 0.9, 0, 1)

    curve = np.array(trace_roc(labels, np.stack([1 - second, second], axis=1)))

    assert len(curve) == MOST_POINTS
    assert (curve[0].tolist(), curve[-1].tolist()) == ([0, 0], [1, 1])
    area = np.trapezoid(curve[:, 1], curve[:, 0])
    assert area == pytest.approx(roc_auc_score(labels, second), abs=4e-4)


def test_trace_roc_of_two_classes_goes_through_the_points_worked_out_by_hand():
    # At the threshold 0.7 three of four dogs and no cat are called dogs; at 0.6, one cat more.
    curve = trace_roc(LABELS, BINARY)

    assert (0.0, 0.75) in curve
    assert (0.25, 0.75) in curve
    assert (0.25, 1.0) in curve
    assert np.trapezoid([y for _, y in curve], [x for x, _ in curve]) == 15 / 16


def test_trace_roc_of_three_classes_rises_from_zero_to_one():
    curve = np.array(trace_roc(THREE_LABELS, THREE))

    assert curve[0].tolist() == [0, 0]
    assert curve[-1].tolist() == [1, 1]
    assert (np.diff(curve, axis=0) >= 0).all()


def test_trace_roc_rounds_both_rates_to_six_digits():
    # Down the scores: dog, cat, dog, cat, cat, dog. So the curve turns at (0, 1/3), (1/3, 1/3), (1/3, 2/3), (1, 2/3).
    second = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])

    curve = trace_roc(np.array([1, 0, 1, 0, 0, 1]), np.stack([1 - second, second], axis=1))

    assert curve == [(0, 0), (0, 0.333333), (0.333333, 0.333333), (0.333333, 0.666667), (1, 0.666667), (1, 1)]


def test_write_table_ends_lines_as_git_does(workspace):
    write_table(Path("plots/first.csv"), ("actual", "predicted"), [("cat", "a, b"), ("Hündin", 0.5)])

    expected = 'actual,predicted\ncat,"a, b"\nHündin,0.5\n'
    assert Path("plots/first.csv").read_bytes() == expected.encode("utf-8")
