"""The stage on small made-up predictions, in a directory of its own."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import Predictions, save_predictions
from stacker.ensembles.leave_one_out import LEAVE_ONE_OUT, MetaWeights, save_leave_one_out
from stages import compare

ROOT = Path(__file__).parents[2]
PICTURES = ("leaderboard", "learning_curves", "roc", "precision_recall", "confusion", "reliability", "mistakes")
CURVE = """epoch,phase,accuracy,loss,val_accuracy,val_loss,learning_rate
1,head,0.5,0.7,0.6,0.6,0.1
2,head,0.6,0.6,0.7,0.5,0.1
"""
MEMBERS = {"first": 2.0, "second": 1.5, "third": 1.0}  # how much each knows


def draw_probabilities(labels, classes, knowledge, generator):
    """What a member that knows a little says: (n, 1) for two classes, else (n, classes)."""
    logits = generator.normal(size=(len(labels), classes)) + knowledge * np.eye(classes)[labels]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return (probabilities[:, 1:] if classes == 2 else probabilities).astype(np.float32)


def make_member(labels, classes, knowledge, seed, leaked=False):
    generator = np.random.default_rng(seed)
    train, validation, test = (
        draw_probabilities(labels[split], classes, knowledge, generator) for split in ("train", "validation", "test")
    )
    rows = np.arange(len(labels["train"]))
    return Predictions(train, validation, test, train, rows, np.full(len(rows), -1 if leaked else 0), test[:0])


def write_project(members, classes=2, n=60, ensemble=True, leaked=False, seed=0):
    """Lay out in the working directory all that `compare` reads.

    Args:
        members: by label, either its `Predictions`, or a number: how much it knows.
    """
    labels = {split: np.arange(n) % classes for split in ("train", "validation", "test")}
    names = ["cat", "dog"] if classes == 2 else [f"class_{number}" for number in range(classes)]
    for split, values in labels.items():
        folder = Path("data/arrays", split)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "labels.npy", values)
    images = np.random.default_rng(seed).integers(0, 256, (n, 8, 8, 3), dtype=np.uint8)
    np.save("data/arrays/test/images.npy", images)
    Path("data/arrays/classes.json").write_text(json.dumps(names))
    lines = [f"{split}/{row}.png,{names[values[row]]},{split}" for split, values in labels.items() for row in range(n)]
    Path("data/arrays/manifest.csv").write_text("\n".join(["path,class,split", *lines]) + "\n")
    settings = yaml.safe_load((ROOT / "params.yaml").read_text())
    settings["members"] = dict.fromkeys(members, {"backbone": "MobileNetV2"})
    if not ensemble:
        settings["stacking"]["meta_models"] = {}
    Path("params.yaml").write_text(yaml.safe_dump(settings))
    for number, (label, member) in enumerate(members.items()):
        if not isinstance(member, Predictions):
            member = make_member(labels, classes, member, seed + number, leaked)
        save_predictions(label, member)
    Path("plots/curves").mkdir(parents=True, exist_ok=True)
    for label in [*members, *(["ensemble"] if ensemble else [])]:
        Path(f"plots/curves/{label}.csv").write_text(CURVE)
    Path("data/ensemble").mkdir(exist_ok=True)
    Path("data/ensemble/README.md").write_text("kept\n")
    if ensemble:
        write_ensemble(labels, classes, list(members), seed)
    return labels


def write_ensemble(labels, classes, members, seed):
    generator = np.random.default_rng(seed + 1000)
    np.savez("data/ensemble/ensemble.npz", test=draw_probabilities(labels["test"], classes, 3.0, generator))
    width = 1 if classes == 2 else classes
    without = {}
    for removed in members:
        rest = [member for member in members if member != removed]
        kernel = generator.normal(size=(width * len(rest), width)).astype(np.float32)
        without[removed] = MetaWeights(rest, [(kernel, np.zeros(width, np.float32))])
    save_leave_one_out(without)


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_pictures(monkeypatch):
    """Drawing takes seconds."""
    monkeypatch.setattr(compare, "draw_pictures", lambda *arguments: None)


def read_metrics():
    return json.loads(Path("metrics/leaderboard.json").read_text())


def read_outputs():
    paths = [*Path("plots").glob("*.png"), *Path("metrics").iterdir()]
    return {path: path.read_bytes() for path in paths}


@pytest.mark.parametrize("classes", [2, 3])
def test_writes_every_output_and_ranks_every_model(classes):
    write_project(MEMBERS, classes)

    compare.main()

    metrics = read_metrics()
    assert {path.stem for path in Path("plots").glob("*.png")} == set(PICTURES)
    assert all(not isinstance(value, dict | list) for value in metrics.values())
    for model in ("ensemble", "members.third", *(f"baselines.{b}" for b in ("mean", "greedy", "logistic"))):
        interval = [metrics[f"{model}.accuracy{end}"] for end in ("_low", "", "_high")]
        assert interval == sorted(interval)
    assert metrics["leaked"] is False
    assert metrics["baselines.best_member.accuracy"] == metrics[f"members.{metrics['best_member']}.accuracy"]
    text = Path("metrics/leaderboard.md").read_text()
    assert all(f"Removing {member} " in text for member in MEMBERS)
    assert "Leaked" not in text


def test_a_second_run_gives_equal_bytes_whatever_the_order_of_the_members():
    write_project(MEMBERS)
    compare.main()
    first = read_outputs()
    settings = yaml.safe_load(Path("params.yaml").read_text())
    settings["members"] = dict(reversed(settings["members"].items()))
    Path("params.yaml").write_text(yaml.safe_dump(settings, sort_keys=False))

    compare.main()

    assert read_outputs() == first


@pytest.mark.usefixtures("no_pictures")
def test_names_of_members_do_not_change_the_baselines():
    labels = write_project(MEMBERS)
    compare.main()
    first = read_metrics()
    predictions = {name: make_member(labels, 2, MEMBERS[name], number) for number, name in enumerate(MEMBERS)}
    write_project({f"{'zyx'[number]}_{name}": value for number, (name, value) in enumerate(predictions.items())})
    compare.main()
    second = read_metrics()

    for baseline in ("mean", "greedy", "logistic", "best_member"):
        assert second[f"baselines.{baseline}.log_loss"] == first[f"baselines.{baseline}.log_loss"]


@pytest.mark.usefixtures("no_pictures")
def test_leaked_predictions_are_flagged():
    write_project(MEMBERS, leaked=True)

    compare.main()

    assert read_metrics()["leaked"] is True
    assert "Leaked predictions" in Path("metrics/leaderboard.md").read_text()


@pytest.mark.usefixtures("no_pictures")
def test_without_an_ensemble_members_and_baselines_are_ranked():
    write_project(MEMBERS, ensemble=False)

    compare.main()

    metrics = read_metrics()
    assert "baselines.mean.accuracy" in metrics
    assert not any(key.startswith("ensemble") for key in metrics)


def test_a_single_member_stands_alone():
    write_project({"only": 1.0}, ensemble=False)

    compare.main()

    metrics = read_metrics()
    assert metrics["best_member"] == "only"
    assert not any(key.startswith(("ensemble", "baselines", "pairs")) for key in metrics)
    assert {path.stem for path in Path("plots").glob("*.png")} == set(PICTURES)


@pytest.mark.usefixtures("no_pictures")
def test_leftovers_of_earlier_settings_are_removed():
    write_project(MEMBERS)
    write_project({"first": 1.0, "second": 2.0}, ensemble=False)

    compare.main()

    assert sorted(path.name for path in Path("data/predictions").iterdir()) == ["first.npz", "second.npz"]
    assert [path.name for path in Path("data/ensemble").iterdir()] == ["README.md"]
    assert sorted(path.name for path in Path("plots/curves").iterdir()) == ["first.csv", "second.csv"]


def strange_member(kind, labels):
    """A member's answers, (n, 1) a split."""
    answers = {
        "constant": lambda values: np.full(len(values), 0.5),
        "surely_second": lambda values: np.ones(len(values)),
        "worse_than_chance": lambda values: np.where(values == 1, 0.2, 0.8),
        "always_wrong": lambda values: 1.0 - values,
        "perfect": lambda values: values.astype(float),
    }
    train, validation, test = (
        answers[kind](labels[split]).astype(np.float32)[:, np.newaxis] for split in ("train", "validation", "test")
    )
    rows = np.arange(len(train))
    return Predictions(train, validation, test, train, rows, np.zeros(len(rows), int), test[:0])


@pytest.mark.usefixtures("no_pictures")
@pytest.mark.parametrize("kind", ["constant", "surely_second", "worse_than_chance", "always_wrong", "perfect"])
def test_strange_members_get_finite_scores(kind):
    labels = {split: np.arange(60) % 2 for split in ("train", "validation", "test")}
    write_project({"first": 1.5, "strange": strange_member(kind, labels)})

    compare.main()

    assert all(np.isfinite(value) for value in read_metrics().values() if isinstance(value, float))


@pytest.mark.usefixtures("no_pictures")
def test_two_identical_members_are_correlated_and_share_the_credit():
    labels = {split: np.arange(60) % 2 for split in ("train", "validation", "test")}
    twin = make_member(labels, 2, 1.0, 5)
    write_project({"first": twin, "second": twin})

    compare.main()

    metrics = read_metrics()
    assert metrics["pairs.first.second.error_correlation"] == 1
    assert metrics["pairs.first.second.disagreement"] == 0
    assert metrics["baselines.mean.accuracy"] == metrics["members.first.accuracy"] == metrics["oracle.accuracy"]


def test_a_mistake_free_ensemble_gets_a_contact_sheet_that_says_so():
    labels = {split: np.arange(60) % 2 for split in ("train", "validation", "test")}
    write_project({"only": strange_member("perfect", labels)}, ensemble=False)

    compare.main()

    assert Path("plots/mistakes.png").is_file()


@pytest.mark.parametrize("n", [2, 4])
def test_tiny_splits(n):
    write_project(MEMBERS, n=n)

    compare.main()

    assert read_metrics()["n"] == n


@pytest.mark.usefixtures("no_pictures")
def test_a_member_may_bear_the_name_of_a_baseline():
    write_project({"mean": 1.0, "greedy": 0.5})

    compare.main()

    metrics = read_metrics()
    assert metrics["members.mean.log_loss"] != metrics["baselines.mean.log_loss"]


@pytest.mark.usefixtures("no_pictures")
def test_predictions_of_another_test_split_are_refused():
    write_project(MEMBERS)
    np.save("data/arrays/test/labels.npy", np.arange(50) % 2)

    with pytest.raises(PipelineError, match=r"has predictions for 60 test images, data/arrays/test has 50"):
        compare.main()


@pytest.mark.usefixtures("no_pictures")
def test_members_that_hold_out_different_rows_are_refused():
    labels = write_project(MEMBERS)
    other = make_member(labels, 2, 1.0, 3)
    save_predictions("third", other._replace(held_out_rows=other.held_out_rows[::-1]))

    with pytest.raises(PipelineError, match="held-out rows differ"):
        compare.main()


@pytest.mark.parametrize(
    ("path", "fix"),
    [
        ("data/ensemble/ensemble.npz", "evaluate_ensemble"),
        (str(LEAVE_ONE_OUT), "dvc repro stack"),
        ("data/predictions/first.npz", "train@first"),
        ("plots/curves/first.csv", "git checkout"),
        ("data/arrays/manifest.csv", "prepare"),
    ],
)
def test_a_missing_file_is_named_with_the_command_that_writes_it(path, fix):
    write_project(MEMBERS)
    Path(path).unlink()

    with pytest.raises(PipelineError, match=fix) as caught:
        compare.main()
    assert path in str(caught.value)


def test_loads_no_network_library():
    code = "import stages.compare, sys; print({'keras', 'tensorflow', 'openvino'} & set(sys.modules))"

    shown = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert shown.strip() == "set()"
