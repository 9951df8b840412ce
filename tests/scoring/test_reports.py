import csv
import json
from pathlib import Path

import numpy as np
from golden import BINARY, LABELS, THREE, THREE_LABELS

from stacker.scoring.reports import trace_roc, write_metrics, write_report, write_table


def read_table(path: str) -> list[list[str]]:
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_write_report_writes_metrics_and_plots(workspace, capsys):
    write_report("first", LABELS, BINARY, ["cat", "dog"], {"engine": "keras"})

    metrics = json.loads(Path("metrics/first.json").read_text())
    assert (metrics["n"], metrics["accuracy"], metrics["engine"]) == (8, 0.75, "keras")
    assert metrics["log_loss"] == 0.400367  # six digits
    confusion = read_table("plots/confusion/first.csv")
    assert confusion[0] == ["actual", "predicted"]
    assert sorted(confusion[1:]) == [["cat", "cat"]] * 3 + [["cat", "dog"]] + [["dog", "cat"]] + [["dog", "dog"]] * 3
    roc = read_table("plots/roc/first.csv")
    assert roc[0] == ["false_positive_rate", "true_positive_rate"]
    assert [[float(value) for value in line] for line in (roc[1], roc[-1])] == [[0, 0], [1, 1]]
    assert "first: accuracy 0.7500 (95 % 0.40" in capsys.readouterr().out
    assert sorted(path.name for path in Path().rglob(".partial-*")) == []


def test_write_report_of_three_classes(workspace):
    write_report("first", THREE_LABELS, THREE, ["cat", "dog", "owl"], {})

    assert json.loads(Path("metrics/first.json").read_text())["recall"] == {"cat": 0.5, "dog": 1.0, "owl": 0.5}
    assert ["owl", "cat"] in read_table("plots/confusion/first.csv")


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


def test_write_metrics_rounds_inside_nested_values(workspace):
    write_metrics(Path("metrics/first.json"), {"a": 1 / 3, "b": {"c": 2 / 3, "d": "x"}, "n": 7})

    # two spaces an indent: a line a score, so that diffs stay readable
    assert Path("metrics/first.json").read_bytes() == (
        b'{\n  "a": 0.333333,\n  "b": {\n    "c": 0.666667,\n    "d": "x"\n  },\n  "n": 7\n}\n'
    )


def test_trace_roc_rounds_both_rates_to_six_digits():
    # Down the scores: dog, cat, dog, cat, cat, dog. So the curve turns at (0, 1/3), (1/3, 1/3), (1/3, 2/3), (1, 2/3).
    second = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])

    curve = trace_roc(np.array([1, 0, 1, 0, 0, 1]), np.stack([1 - second, second], axis=1))

    assert curve == [(0, 0), (0, 0.333333), (0.333333, 0.333333), (0.333333, 0.666667), (1, 0.666667), (1, 1)]


def test_write_table_ends_lines_as_git_does(workspace):
    write_table(Path("plots/first.csv"), ("actual", "predicted"), [("cat", "a, b"), ("Hündin", 0.5)])

    expected = 'actual,predicted\ncat,"a, b"\nHündin,0.5\n'
    assert Path("plots/first.csv").read_bytes() == expected.encode("utf-8")
