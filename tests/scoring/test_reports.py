import json
from pathlib import Path

from stacker.scoring.reports import count_photos, describe_scores, write_metrics


def test_scores_in_a_line_say_of_how_many_different_photos_they_are():
    interval = {"accuracy": 0.75, "accuracy_low": 0.4, "accuracy_high": 0.9}
    line = describe_scores({**interval, "n": 1200, "groups": 1100, "log_loss": 0.40037})

    assert line == "accuracy 0.7500 (95 % 0.4000 to 0.9000, 1,200 photos in 1,100 groups), log loss 0.4004"
    assert count_photos({"n": 1200, "groups": 1200}, "cats") == "1,200 cats"


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
