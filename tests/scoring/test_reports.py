import csv
import json
from pathlib import Path

import numpy as np
import pytest
from golden import BINARY, LABELS, THREE, THREE_LABELS
from sklearn.metrics import roc_auc_score

from stacker.scoring.reports import (
    MOST_POINTS,
    count_photos,
    describe_scores,
    trace_roc,
    write_metrics,
    write_plots,
    write_table,
)


def read_table(path: str) -> list[list[str]]:
    with Path(path).open(newline="", encoding="utf-8") as stream:
        return list(csv.reader(stream))


def test_write_plots_writes_confusion_and_roc(workspace):
    write_plots("first", LABELS, BINARY, ["cat", "dog"])

    confusion = read_table("plots/confusion/first.csv")
    assert confusion[0] == ["actual", "predicted"]
    assert sorted(confusion[1:]) == [["cat", "cat"]] * 3 + [["cat", "dog"]] + [["dog", "cat"]] + [["dog", "dog"]] * 3
    roc = read_table("plots/roc/first.csv")
    assert roc[0] == ["false_positive_rate", "true_positive_rate"]
    assert [[float(value) for value in line] for line in (roc[1], roc[-1])] == [[0, 0], [1, 1]]
    assert sorted(path.name for path in Path().rglob(".partial-*")) == []


def test_write_plots_of_three_classes(workspace):
    write_plots("first", THREE_LABELS, THREE, ["cat", "dog", "owl"])

    assert ["owl", "cat"] in read_table("plots/confusion/first.csv")


def test_scores_in_a_line_say_of_how_many_different_photos_they_are():
    interval = {"accuracy": 0.75, "accuracy_low": 0.4, "accuracy_high": 0.9}
    line = describe_scores({**interval, "n": 1200, "groups": 1100, "log_loss": 0.40037})

    assert line == "accuracy 0.7500 (95 % 0.4000 to 0.9000, 1,200 photos in 1,100 groups), log loss 0.4004"
    assert count_photos({"n": 1200, "groups": 1200}, "cats") == "1,200 cats"


def test_a_roc_of_very_many_points_is_thinned_and_keeps_its_ends():
    generator = np.random.default_rng(0)
    labels = generator.integers(0, 2, 9000)
    second = np.clip(labels * 0.1 + generator.random(9000) * 0.9, 0, 1)

    curve = np.array(trace_roc(labels, np.stack([1 - second, second], axis=1)))

    assert len(curve) == MOST_POINTS
    assert (curve[0].tolist(), curve[-1].tolist()) == ([0, 0], [1, 1])
    area = np.trapezoid(curve[:, 1], curve[:, 0])
    assert area == pytest.approx(roc_auc_score(labels, second), abs=1e-4)


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
    write_metrics(Path("metrics/first.json"), {"loss": 1 / 3, "b": {"accuracy": 2 / 3, "d": "x"}, "n": 7})

    # two spaces an indent: a line a score, so that diffs stay readable
    assert Path("metrics/first.json").read_bytes() == (
        b'{\n  "loss": 0.3333,\n  "b": {\n    "accuracy": 0.666667,\n    "d": "x"\n  },\n  "n": 7\n}\n'
    )


def test_write_metrics_gives_six_digits_to_what_counts_photos_alone(workspace):
    values = {
        "boss.test.accuracy": 1 / 7,
        "boss.test.recall.a.b": 1 / 7,
        "pairs.a.b.disagreement": 1 / 7,
        "members.recall.test.brier": 1 / 7,
        "x.brier": 1 / 7,
    }

    write_metrics(Path("metrics/first.json"), {**values, "recall": {"log_loss": 1 / 7}})  # a class may be called so

    received = json.loads(Path("metrics/first.json").read_text(encoding="utf-8"))
    assert received["recall"] == {"log_loss": 0.142857}
    assert [received[name] for name in values] == [0.142857, 0.142857, 0.142857, 0.1429, 0.1429]


def test_trace_roc_rounds_both_rates_to_six_digits():
    # Down the scores: dog, cat, dog, cat, cat, dog. So the curve turns at (0, 1/3), (1/3, 1/3), (1/3, 2/3), (1, 2/3).
    second = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])

    curve = trace_roc(np.array([1, 0, 1, 0, 0, 1]), np.stack([1 - second, second], axis=1))

    assert curve == [(0, 0), (0, 0.333333), (0.333333, 0.333333), (0.333333, 0.666667), (1, 0.666667), (1, 1)]


def test_write_table_ends_lines_as_git_does(workspace):
    write_table(Path("plots/first.csv"), ("actual", "predicted"), [("cat", "a, b"), ("Hündin", 0.5)])

    expected = 'actual,predicted\ncat,"a, b"\nHündin,0.5\n'
    assert Path("plots/first.csv").read_bytes() == expected.encode("utf-8")
