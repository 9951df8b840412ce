"""The model card, from what the stages `evaluate` and `compare` write of small made-up predictions."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from compare_project import write_project
from typer.testing import CliRunner

from stacker.artifacts.errors import PipelineError
from stacker.cli import app
from stacker.using.model_card.card import write_card
from stages import compare, evaluate

MEMBERS = {"first": 2.0, "second": 1.5}
HOSTILE = ["<script>alert(1)</script>", "a|b", "new\nline: - # ---", "x" * 200]
LOCK = {
    "stages": {
        "prepare": {
            "params": {"params.yaml": {"data": {"images": "/home/mallory/pets", "image_size": 96, "fit": "pad"}}}
        },
        **{
            f"train@{label}": {
                "params": {
                    "params.yaml": {
                        "backbone": {"weights": weights, "pooling": "max"},
                        "training": {},
                        "backend": "jax",
                        "stacking": {"fit_on": "oof"},
                        f"members.{label}": {"backbone": name},
                    }
                }
            }
            for label, name, weights in (("first", "MobileNetV2", None), ("second", "VGG16", "/home/mallory/vgg.h5"))
        },
    }
}


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """What the two stages write for two members and an ensemble: made once, as it takes seconds."""
    folder = tmp_path_factory.mktemp("plain")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_metrics(MEMBERS)
    return folder


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def project(plain):
    shutil.copytree(plain, ".", dirs_exist_ok=True)


def write_metrics(members, classes=2, ensembles=("ensemble",), names=None):
    write_project(members, classes, ensembles=ensembles)
    if names:
        Path("data/arrays/classes.json").write_text(json.dumps(names))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compare, "draw_pictures", lambda *arguments: None)  # seconds
        compare.main()
    for label in members:
        evaluate.main(label)
    for label in ensembles:
        evaluate.main(label, ensemble=True)
    Path("dvc.lock").write_text(yaml.safe_dump(LOCK))


def read_metadata(card):
    start, block, rest = card.split("---\n", 2)
    assert start == ""
    return yaml.safe_load(block), rest


def read_tables(text):
    """Rows of cells, table after table."""
    blocks = [block for block in text.split("\n\n") if block.startswith("| ")]
    return [[line[2:-2].split(" | ") for line in block.splitlines()] for block in blocks]


def test_the_metadata_is_what_the_hub_reads(project):
    details = json.loads(Path("metrics/details/ensemble.json").read_text())

    metadata, _ = read_metadata(write_card())

    assert (metadata["license"], metadata["library_name"]) == ("unknown", "keras")
    assert metadata["pipeline_tag"] == "image-classification"
    (entry,) = metadata["model-index"]
    (result,) = entry["results"]
    assert entry["name"] == "ensemble"
    assert result["task"]["type"] == "image-classification"
    assert result["dataset"] == {"type": "pets", "name": "pets", "split": "test", "revision": "0f1e2d3c4b5a6978"}
    values = {metric["type"]: metric["value"] for metric in result["metrics"]}
    assert values["accuracy"] == details["test"]["accuracy"]
    assert values["brier_score"] == details["test"]["brier"]
    assert set(values) == set(metadata["metrics"])


def test_an_ensembles_card_has_every_part_with_the_numbers_of_metrics(project):
    test = json.loads(Path("metrics/details/ensemble.json").read_text())["test"]

    board = json.loads(Path("metrics/details/leaderboard.json").read_text())

    _, card = read_metadata(write_card("ensemble"))

    headings = [line for line in card.splitlines() if line.startswith("#")]
    assert headings == [
        "# ensemble",
        "## To fill in",
        "## The model",
        "### Use it",
        "## The data",
        "## Scores",
        "## Each class",
        "### What is taken for what",
        "## What a probability is worth",
        "## When it is not sure",
        "## Is the ensemble better?",
        "## What each member adds",
        "## Limits",
    ]
    fill, model, data, scores, classes, confusion, calibration, sets, against, without, pairs = read_tables(card)
    assert [row[0] for row in model] == ["member", "---", "first", "second", "all together"]
    assert model[2][1:5] == ["MobileNetV2", "random", "max", "head (lbfgs)"]
    assert model[3][1:3] == ["VGG16", "vgg.h5"]
    assert model[4][-3:] == ["4.32 k", "16 MB", "1.5"]
    assert data[0][-2:] == ["cat", "dog"]
    assert [row[0] for row in data[2:]] == ["train", "validation", "test"]
    assert data[2][2:] == ["60", "60", "30", "30"]
    by_score = {row[0]: row[1:] for row in scores[2:]}
    shown = [f"{test['roc_auc']:.4f}", f"{test['roc_auc_low']:.4f} to {test['roc_auc_high']:.4f}"]
    assert by_score["ROC AUC"] == ["", "", *shown]
    assert by_score["log loss (nats)"][2] == f"{test['log_loss']:.4f}"
    assert [row[0] for row in classes[2:]] == ["cat", "dog"]
    assert confusion[2][1:] == [str(test["confusion"]["cat"].get(name, 0)) for name in ("cat", "dog")]
    assert len(calibration) == 2 + len(test["calibration"])
    assert [row[0] for row in sets[2:]] == ["90%", "95%", "99%"]
    assert [row[0] for row in against[2:]][1] == "baseline: mean"
    assert [row[0] for row in without[2:]] == ["first", "second"]
    assert pairs[2][0] == "first, second"
    assert "mallory" not in card
    assert "96 x 96 pixels" in card
    assert card.count("by Keras on JAX.") == 1
    assert f"At least one member is right on {round(60 * board['oracle.accuracy'])} of 60 photos" in card
    assert all(row[2] == "" for row in fill[2:])


def test_a_members_card_says_what_it_adds_to_each_ensemble():
    write_metrics(MEMBERS, ensembles=("ensemble", "boss"))

    card = write_card("second")

    assert "# second" in card
    assert card.count("Removing second ") == 2
    assert "- From boss: " in card
    assert "Is the ensemble better" not in card
    assert "all together" not in card


def test_hostile_class_names_do_no_harm():
    write_metrics({"only": 1.0}, classes=4, ensembles=(), names=HOSTILE)

    metadata, card = read_metadata(write_card())

    assert metadata["model-index"][0]["name"] == "only"
    assert "<script>" not in card
    assert "x" * 100 not in card
    assert "\nline" not in card
    for table in read_tables(card.replace("\\|", "¦")):
        assert len({len(row) for row in table}) == 1
    assert "a\\|b" in card


def test_of_many_classes_the_errors_are_listed():
    write_metrics({"only": 1.0}, classes=15, ensembles=())

    card = write_card()

    assert "taken for" in card
    assert "Few test photos, so that the recall says little: class_0 (4), " in card
    assert " and 5 more." in card


def test_what_is_absent_is_said(project):
    Path("dvc.lock").unlink()
    path = Path("metrics/details/ensemble.json")
    details = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in details.items() if name not in ("sets", "novelty")}))

    card = write_card()

    assert "not in `dvc.lock`" in card
    assert "How photos were prepared is not known" in card
    assert "by Keras on" not in card
    assert "Prediction sets were not measured." in card
    assert "Photos unlike those in training are not told apart" in card


def test_limits_name_what_the_numbers_show(project):
    path = Path("metrics/details/ensemble.json")
    details = json.loads(path.read_text())
    details["test"]["confusion"] = {"cat": {"cat": 50, "dog": 1}, "dog": {"dog": 7, "cat": 2}}
    details["test"]["groups"] = 55
    interval = {"accuracy_low": 0.5, "accuracy_high": 1.0}
    details["test"]["calibration"] = {
        "0.8667 to 0.9333": {"n": 9, "confidence": 0.9, "accuracy": 0.5, **interval},
        "0.9333 to 1.0000": {"n": 40, "confidence": 0.97, "accuracy": 0.95, **interval},
    }
    path.write_text(json.dumps({**details, "leaked": True, "fit_on": "train"}))

    card = write_card()

    assert "85.0% of the test photos are cat: to always say so is that accurate." in card
    assert "Few test photos, so that the recall says little: dog (9)." in card
    assert "of 40 test photos to whose class it gave more than 93%, 2 are of another." in card
    assert "**Leaked predictions.**" in card
    assert "Of 60 test photos, 55 are no copies of one another." in card
    assert "Members began from weights that were trained on other photos" in card


def test_without_a_choice_the_best_ensemble_is_taken_or_the_best_member():
    write_metrics(MEMBERS, ensembles=("boss", "ensemble"))
    board = json.loads(Path("metrics/details/leaderboard.json").read_text())
    losses = {label: board[f"{label}.heldout.log_loss"] for label in ("boss", "ensemble")}
    assert f"# {min(losses, key=losses.get)}\n" in write_card()

    write_metrics({"only": 1.0}, ensembles=())
    assert "# only\n" in write_card()


def test_the_path_of_a_model_names_it(project):

    assert write_card("models/members/first.h5") == write_card("first")


@pytest.mark.parametrize(
    ("path", "change", "fix"),
    [
        ("metrics/details/leaderboard.json", None, "is missing: run `dvc repro`"),
        ("metrics/details/ensemble.json", None, "is missing: run `dvc repro`"),
        ("metrics/details/ensemble.json", "{", "is damaged"),
        ("metrics/details/ensemble.json", '{"test": {}}', "an earlier version"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_fix(project, path, change, fix):
    Path(path).unlink()
    if change is not None:
        Path(path).write_text(change)

    with pytest.raises(PipelineError, match=fix):
        write_card("ensemble")


def test_the_command_writes_a_file_or_the_terminal(project):

    shown = CliRunner().invoke(app, ["card"])
    written = CliRunner().invoke(app, ["card", "--model", "first", "--output", "cards/README.md"])

    assert (shown.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert shown.stdout == write_card()
    assert Path("cards/README.md").read_text(encoding="utf-8") == write_card("first")
    with pytest.raises(
        PipelineError, match="no metrics of a model called 'third': choose from ensemble, first, second"
    ):
        CliRunner().invoke(app, ["card", "--model", "third"], catch_exceptions=False)


def test_the_command_imports_no_network_library(project):
    code = (
        "import sys; from typer.testing import CliRunner; from stacker.cli import app;"
        "assert CliRunner().invoke(app, ['card']).exit_code == 0;"
        "print({'keras', 'tensorflow', 'openvino', 'cv2', 'matplotlib'} & set(sys.modules))"
    )
    root = Path(__file__).parents[2]

    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(root)}, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "set()"


def test_the_data_are_not_read(project):
    expected = write_card()
    for path in Path("data").rglob("*.*"):
        path.unlink()

    assert write_card() == expected
    assert np.all([not path.is_file() for path in Path("data").rglob("*")])
