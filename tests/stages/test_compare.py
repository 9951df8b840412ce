"""The stage on small made-up predictions, in a directory of its own."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from compare_project import make_member, write_project

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import Predictions, save_predictions
from stages import compare

ROOT = Path(__file__).parents[2]
PICTURES = ("leaderboard", "learning_curves", "roc", "precision_recall", "confusion", "reliability", "mistakes")
MEMBERS = {"first": 2.0, "second": 1.5, "third": 1.0}  # how much each knows


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def no_pictures(monkeypatch):
    """Drawing takes seconds."""
    monkeypatch.setattr(compare, "draw_pictures", lambda *arguments: None)


def read_metrics():
    return json.loads(Path("metrics/details/leaderboard.json").read_text())


def read_outputs():
    paths = [*Path("plots").glob("*.png"), *Path("metrics").rglob("*.*"), *Path("plots/data").iterdir()]
    return {path: path.read_bytes() for path in paths}


@pytest.mark.parametrize("classes", [2, 3])
def test_writes_every_output_and_ranks_every_model(classes):
    write_project(MEMBERS, classes)

    compare.main()

    metrics = read_metrics()
    assert {path.stem for path in Path("plots").glob("*.png")} == set(PICTURES)
    assert all(not isinstance(value, dict | list) for value in metrics.values())
    for model in (
        "ensemble",
        "members.third",
        *(f"baselines.{b}" for b in ("mean", "geometric_mean", "weights", "greedy", "logistic", "features")),
    ):
        for rows in ("heldout", "test"):
            interval = [metrics[f"{model}.{rows}.accuracy{end}"] for end in ("_low", "", "_high")]
            assert interval == sorted(interval)
    assert metrics["leaked"] is False
    assert (metrics["test_set"], metrics["heldout_rows"]) == ("0f1e2d3c4b5a6978", "oof")
    best = metrics["best_member"]
    assert metrics["baselines.best_member.test.accuracy"] == metrics[f"members.{best}.test.accuracy"]
    losses = {member: metrics[f"members.{member}.heldout.log_loss"] for member in MEMBERS}
    assert losses[best] == min(losses.values())
    assert metrics["baselines.most_frequent.test.log_loss"] == pytest.approx(np.log(classes), abs=1e-4)
    text = Path("metrics/leaderboard.md").read_text()
    assert {key: metrics[key] for key in metrics if ".cost.parameters" in key} == {
        "members.first.cost.parameters": 7,
        "members.second.cost.parameters": 1007,
        "members.third.cost.parameters": 2007,
        **{f"baselines.{name}.cost.parameters": 3021 for name in compare.COMBINATIONS},
        "baselines.best_member.cost.parameters": {"first": 7, "second": 1007, "third": 2007}[best],
        "ensemble.cost.parameters": 4321,
    }
    assert (metrics["baselines.mean.cost.gflop"], metrics["baselines.mean.cost.file_bytes"]) == (0.75, 15_000_000)
    assert metrics["splits.validation.n"] == 60
    ends = {line.split("|")[2].strip(" *★"): line.split("|")[-4:-1] for line in text.split("\n\n")[2].splitlines()}
    assert ends["ensemble"] == [" 4.32 k ", " 16 MB ", " 1.5 "]
    assert ends["baseline: features"] == ends["baseline: most frequent"] == ["  ", "  ", "  "]
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
        assert second[f"baselines.{baseline}.test.log_loss"] == first[f"baselines.{baseline}.test.log_loss"]


@pytest.mark.usefixtures("no_pictures")
def test_leaked_predictions_are_flagged(capsys):
    write_project(MEMBERS, leaked=True)

    compare.main()

    assert (read_metrics()["leaked"], read_metrics()["heldout_rows"]) == (True, "validation")
    assert "warning: stacking.fit_on is `train`: no row is held out" in capsys.readouterr().out
    assert "Leaked predictions" in Path("metrics/leaderboard.md").read_text()


@pytest.mark.usefixtures("no_pictures")
def test_without_an_ensemble_members_and_baselines_are_ranked():
    write_project(MEMBERS, ensembles=())

    compare.main()

    metrics = read_metrics()
    assert "baselines.mean.test.accuracy" in metrics
    assert not any(key.startswith("ensemble") for key in metrics)


def test_a_single_member_stands_alone():
    write_project({"only": 1.0}, ensembles=())

    compare.main()

    metrics = read_metrics()
    assert metrics["best_member"] == "only"
    assert not any(key.startswith(("ensemble", "baselines", "pairs")) for key in metrics)
    assert {path.stem for path in Path("plots").glob("*.png")} == set(PICTURES)


@pytest.mark.usefixtures("no_pictures")
def test_leftovers_of_earlier_settings_are_removed():
    write_project(MEMBERS)
    compare.main()
    names = ("models/members/third.h5", "data/predictions/members/third.npz", "models/ensemble.h5")
    stages = {f"stage@{number}": {"outs": [{"path": name}]} for number, name in enumerate(names)}
    Path("dvc.lock").write_text(yaml.safe_dump({"stages": stages}))
    write_project({"first": 1.0, "second": 2.0}, ensembles=())

    compare.main()

    assert sorted(path.name for path in Path("data/predictions/members").iterdir()) == ["first.npz", "second.npz"]
    assert list(Path("data/predictions/ensembles").iterdir()) == []
    assert list(Path("data/predictions/leave_one_out").iterdir()) == []
    assert sorted(path.name for path in Path("plots/curves").iterdir()) == ["first.csv", "second.csv"]
    assert sorted(path.name for path in Path("metrics").rglob("*.*")) == ["leaderboard.json", "leaderboard.md"]


@pytest.mark.usefixtures("no_pictures")
def test_several_ensembles_each_have_a_row_and_a_judgement():
    write_project(MEMBERS, ensembles=("ensemble", "boss"))

    compare.main()

    metrics = read_metrics()
    for label in ("ensemble", "boss"):
        assert f"{label}.test.accuracy" in metrics
        assert f"{label}_against.best_member.p_value" in metrics
        assert f"{label}_without.third.gained" in metrics
    assert metrics["ensemble.test.log_loss"] != metrics["boss.test.log_loss"]
    assert metrics["ensemble_without.third.loss_difference"] != metrics["boss_without.third.loss_difference"]
    text = Path("metrics/leaderboard.md").read_text()
    assert all(f"## Is {label} better?" in text for label in ("ensemble", "boss"))
    assert "| **boss** |" in text
    assert text.count("Removing third ") == 2


def test_pictures_show_every_ensemble():
    write_project({"first": 1.0, "second": 2.0}, ensembles=("ensemble", "boss"), n=8)

    compare.main()

    assert {path.stem for path in Path("plots").glob("*.png")} == set(PICTURES)


def strange_member(kind, labels):
    """A member's logits, (n, 1) a split."""
    answers = {
        "constant": lambda values: np.zeros(len(values)),
        "surely_second": lambda values: np.full(len(values), 1000.0),
        "worse_than_chance": lambda values: np.where(values == 1, -1.4, 1.4),
        "always_wrong": lambda values: np.where(values == 1, -1000.0, 1000.0),
        "perfect": lambda values: np.where(values == 1, 1000.0, -1000.0),
    }
    train, validation, test = (
        answers[kind](labels[split]).astype(np.float32)[:, np.newaxis] for split in ("train", "validation", "test")
    )
    rows = np.arange(len(train))
    return Predictions(train, validation, test, train, rows, rows // 2 % 3, test[:0], np.array(False))


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
    assert (
        metrics["baselines.mean.test.accuracy"] == metrics["members.first.test.accuracy"] == metrics["oracle.accuracy"]
    )


def test_a_mistake_free_ensemble_gets_a_contact_sheet_that_says_so():
    labels = {split: np.arange(60) % 2 for split in ("train", "validation", "test")}
    write_project({"only": strange_member("perfect", labels)}, ensembles=())

    compare.main()

    assert Path("plots/mistakes.png").is_file()


def test_a_test_split_of_two_photos():
    write_project(MEMBERS, n=2)

    compare.main()

    assert read_metrics()["n"] == 2


@pytest.mark.usefixtures("no_pictures")
def test_a_member_may_bear_the_name_of_a_baseline():
    write_project({"mean": 1.0, "greedy": 0.5})

    compare.main()

    metrics = read_metrics()
    assert metrics["members.mean.test.log_loss"] != metrics["baselines.mean.test.log_loss"]


@pytest.mark.usefixtures("no_pictures")
def test_the_members_that_lead_the_test_are_not_chosen_by_it():
    labels = {split: np.arange(60) % 2 for split in ("train", "validation", "test")}
    lucky = make_member(labels, 2, 0.2, 3)._replace(
        test=np.where(labels["test"] == 1, 3.0, -3.0)[:, None],
        validation=np.where(labels["test"] == 1, 3.0, -3.0)[:, None],
    )
    write_project({"steady": 2.0, "lucky": lucky})

    compare.main()

    metrics = read_metrics()
    assert metrics["best_member"] == "steady"
    assert metrics["members.lucky.test.accuracy"] > metrics["members.steady.test.accuracy"]
    lines = Path("metrics/leaderboard.md").read_text().splitlines()
    order = [line.split("|")[2].strip() for line in lines if line.startswith(("| 1 ", "| 2 ", "| 3 ", "| 4 ", "| 5 "))]
    assert "lucky" not in order[:3]


@pytest.mark.usefixtures("no_pictures")
def test_copies_in_the_test_split_are_counted_as_what_they_are():
    write_project(MEMBERS)
    compare.main()
    single = read_metrics()
    np.save("data/arrays/test/groups.npy", np.arange(60) // 4)

    compare.main()

    metrics = read_metrics()
    assert (single["groups"], metrics["groups"]) == (60, 15)
    assert "60 test photos in 15 groups" in Path("metrics/leaderboard.md").read_text()
    assert metrics["members.third.test.log_loss_low"] != single["members.third.test.log_loss_low"]
    assert metrics["members.third.test.accuracy"] == single["members.third.test.accuracy"]


@pytest.mark.usefixtures("no_pictures")
def test_a_balanced_fit_of_the_members_balances_the_baselines():
    labels = write_project({"first": 1.0, "second": 0.6})
    rare = {split: (np.arange(60) % 12 == 0).astype(int) for split in labels}
    for balanced in (False, True):
        for number, label in enumerate(("first", "second")):
            facts = {"is_balanced": np.array(balanced), "held_out_fold": np.arange(60) % 5}
            save_predictions(label, make_member(rare, 2, 1.2, number)._replace(**facts))
        for split, values in rare.items():
            np.save(f"data/arrays/{split}/labels.npy", values)
        compare.main()
        metrics = read_metrics()
        if not balanced:
            plain = metrics

    assert metrics["baselines.logistic.test.recall.dog"] > plain["baselines.logistic.test.recall.dog"]
    assert metrics["baselines.mean.test.recall.dog"] == plain["baselines.mean.test.recall.dog"]
    assert (
        "**Accuracy says little here.** 91.7% of the test photos are cat" in Path("metrics/leaderboard.md").read_text()
    )


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
        ("data/predictions/ensembles/ensemble.npz", "dvc repro stack@ensemble"),
        ("data/predictions/leave_one_out/ensemble.npz", "dvc repro stack@ensemble"),
        ("data/predictions/members/first.npz", "train@first"),
        ("plots/curves/first.csv", "dvc checkout"),
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


@pytest.mark.usefixtures("no_pictures")
def test_photos_that_were_skipped_stand_in_the_reports_and_in_no_score(capsys):
    write_project(MEMBERS)
    compare.main()
    before = json.loads(Path("metrics/details/leaderboard.json").read_text())
    assert "could not be read" not in Path("metrics/leaderboard.md").read_text() + capsys.readouterr().out
    manifest = Path("data/arrays/manifest.csv")
    header, *lines = manifest.read_text().splitlines()
    lines = [f"{line}," for line in lines]
    lines += [f"cat/<b>{number}.jpg,cat,skipped,,the file is empty" for number in range(7)]
    manifest.write_text("\n".join([f"{header},reason", *lines]) + "\n")

    compare.main()

    report = Path("metrics/leaderboard.md").read_text()
    assert "> **7 of the photos could not be read** and were skipped, as `data.unreadable: skip` says: " in report
    assert "cat/&lt;b&gt;4.jpg (the file is empty); and 2 more. `data/arrays/manifest.csv` lists all." in report
    assert "warning: 7 photo(s) could not be read and are in no split" in capsys.readouterr().out
    after = json.loads(Path("metrics/details/leaderboard.json").read_text())
    assert after == before | {"skipped": 7}
