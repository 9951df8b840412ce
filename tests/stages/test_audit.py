"""The stage on small made-up predictions and photos, in a directory of its own."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from helpers import edited, make_predictions, small_settings, write_params
from PIL import Image

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import save_predictions
from stages import audit

ROOT = Path(__file__).parents[2]
MEMBERS = ("first", "second", "third")
COUNTS = {"train": 60, "validation": 20, "test": 30}
CLASSES = ["cat", "dog"]
WRONG = {"train": [3, 10], "validation": [4]}  # rows of which all members say another class, and are sure of it
DOUBTFUL = 7  # a row of train of which two members lean to another class


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def make_logits(labels: np.ndarray, wrong: list[int], sure: float) -> np.ndarray:
    logits = np.where(labels == 1, sure, -sure)
    logits[wrong] *= -1.5
    return logits[:, np.newaxis].astype(np.float32)


def write_project(fit_on: str = "oof", names: list[str] = CLASSES, lines: dict[str, str] | None = None) -> None:
    """Lay out all that the stage reads; the members know every label but the wrong ones.

    Args:
        fit_on: where held-out rows come from; "holdout" keeps the even rows.
        names: of the classes.
        lines: of the manifest, by "<split>/<row>", to stand in place of the usual ones.
    """
    labels = {split: np.arange(count) % 2 for split, count in COUNTS.items()}
    generator, manifest = np.random.default_rng(0), []
    for split, values in labels.items():
        folder = Path("data/arrays", split)
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "images.npy", generator.integers(0, 256, (len(values), 12, 12, 3), np.uint8))
        np.save(folder / "labels.npy", values)
        np.save(folder / "groups.npy", np.arange(len(values)))
        for row, label in enumerate(values):
            content, group = f"{split}{row}", 100 * len(split) + row
            usual = f'"{names[label]}/{split}_{row}.png","{names[label]}",{split},300,200,{content},{group}'
            manifest.append((lines or {}).get(f"{split}/{row}", usual))
    Path("data/arrays/classes.json").write_text(json.dumps(names))
    Path("data/arrays/manifest.csv").write_text(
        "\n".join(["path,class,split,width,height,content_hash,group", *manifest]) + "\n", encoding="utf-8"
    )
    write_params(edited(small_settings(), {"members": dict.fromkeys(MEMBERS, {"backbone": "MobileNetV2"})}))
    rows = {"oof": np.arange(60), "holdout": np.arange(0, 60, 2), "train": np.arange(60)}[fit_on]
    for number, member in enumerate(MEMBERS):
        train = make_logits(labels["train"], WRONG["train"], 3.0 + number)
        train[DOUBTFUL] = [[-0.4], [-0.4], [0.2]][number]
        save_predictions(
            member,
            make_predictions(
                train=np.where(labels["train"] == 1, 9, -9)[:, np.newaxis].astype(np.float32),  # learnt by heart
                validation=make_logits(labels["validation"], WRONG["validation"], 4.0),
                test=-make_logits(labels["test"], [], 4.0),  # all wrong: nobody looks
                held_out=train[rows],
                held_out_rows=rows,
                held_out_fold=np.full(len(rows), -1) if fit_on == "train" else rows % 3,
            ),
        )


def read_found() -> dict:
    return json.loads(Path("metrics/audit.json").read_text())


def test_wrong_labels_of_train_and_validation_are_found_and_of_test_none():
    write_project()

    audit.main()

    found = read_found()["labels"]
    sure = [path for path, facts in found["photos"].items() if facts["probably_wrong"]]
    assert sorted(sure) == ["cat/train_10.png", "cat/validation_4.png", "dog/train_3.png"]
    assert (found["probably_wrong"], found["in_doubt"]) == (3, 1)
    mean = np.mean(1 / (1 + np.exp([0.4, 0.4, -0.2])))
    assert found["photos"]["dog/train_7.png"] == {
        "split": "train",
        "label": "dog",
        "suggested": "cat",
        "label_probability": round(mean, 4),
        "suggested_probability": round(1 - mean, 4),
        "votes": 2,
        "probably_wrong": False,
    }
    text = Path("metrics/audit.md").read_text()
    assert "all 60 of the train split, each by models fitted without it; and the 20 of the validation split." in text
    assert "| dog/train_7.png | train | dog (" in text


@pytest.mark.parametrize(
    ("fit_on", "judged", "sure", "words"),
    [
        ("holdout", 30, ["cat/train_10.png", "cat/validation_4.png"], "the other 30 were learnt and cannot be judged"),
        ("train", 0, ["cat/validation_4.png"], "none of the train split, which the members have learnt whole"),
    ],
)
def test_rows_that_were_learnt_are_not_judged(fit_on, judged, sure, words):
    write_project(fit_on)

    audit.main()

    found = read_found()
    assert found["judged"] == {
        "rows": fit_on,
        "train": judged,
        "validation": 20,
        "members": 3,
        "watched_by_early_stopping": False,
    }
    assert sorted(path for path, facts in found["labels"]["photos"].items() if facts["probably_wrong"]) == sure
    assert words in Path("metrics/audit.md").read_text()


def test_all_splits_are_looked_at_for_duplicates_and_odd_photos():
    lines = {
        "train/0": "cat/train_0.png,cat,train,300,200,same,9",
        "train/1": "dog/train_1.png,dog,train,300,200,same,9",
        "validation/2": "cat/validation_2.png,cat,validation,300,200,first,8",
        "test/2": "cat/test_2.png,cat,test,300,30,second,8",
    }
    write_project(lines=lines)
    images = np.load("data/arrays/test/images.npy")
    images[5] = 3
    np.save("data/arrays/test/images.npy", images)

    audit.main()

    found = read_found()
    assert (found["duplicates"]["groups"], found["duplicates"]["photos"]) == (2, 4)
    assert found["duplicates"]["across_classes"]["listed"] == [
        {
            "equal_files": True,
            "photos": {
                "cat/train_0.png": {"class": "cat", "split": "train"},
                "dog/train_1.png": {"class": "dog", "split": "train"},
            },
        }
    ]
    (group,) = found["duplicates"]["across_splits"]["listed"]
    assert (list(group["photos"]), group["equal_files"]) == (["cat/validation_2.png", "cat/test_2.png"], False)
    odd = {name: list(facts["listed"]) for name, facts in found["odd"].items() if facts["listed"]}
    assert odd == {"dark": ["dog/test_5.png"], "blank": ["dog/test_5.png"], "extreme shape": ["cat/test_2.png"]}
    text = Path("metrics/audit.md").read_text()
    assert "1 group under two classes: at least one of the labels is wrong." in text
    assert "| 2 | no | cat/validation_2.png (validation); cat/test_2.png (test) |" in text
    assert "- dog/test_5.png (0.0118), test" in text


def test_equal_inputs_give_equal_bytes_and_test_answers_change_nothing():
    outputs = [Path("metrics/audit.json"), Path("metrics/audit.md"), Path("plots/audit.png")]
    write_project()
    audit.main()
    first = [path.read_bytes() for path in outputs]
    (Path("data/arrays/test/labels.npy")).unlink()
    with np.load("data/predictions/members/first.npz") as saved:
        arrays = {**saved, "test": np.full((30, 1), 5, np.float32)}
    np.savez("data/predictions/members/first.npz", **arrays)

    audit.main()

    assert [path.read_bytes() for path in outputs] == first


NAMES = ["<script>alert(1)</script>", "a|b ![x](http://y) `z` \n# *c*"]


def test_hostile_names_do_no_harm():
    write_project(names=NAMES, lines={"test/1": '"=cmd()|<b>/$x$ \u202e.png","=cmd()",test,300,20,x,1'})

    audit.main()

    text = Path("metrics/audit.md").read_text(encoding="utf-8")
    assert "<script>" not in text
    assert "<b>" not in text
    assert "\u202e" not in text
    assert "\n# *c*" not in text
    assert re.search(r"(?<!\\)`z", text) is None
    tables = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables if "script" in line} == {6}
    assert any(path.startswith(NAMES[1]) for path in read_found()["labels"]["photos"])
    assert read_size()[0] == 900


def test_where_nothing_is_found_the_report_and_the_picture_say_so(monkeypatch):
    monkeypatch.setitem(WRONG, "validation", [])
    write_project("train")

    audit.main()

    found = read_found()
    assert (found["labels"]["probably_wrong"], found["labels"]["in_doubt"]) == (0, 0)
    assert "None: no photo is taken for another class." in Path("metrics/audit.md").read_text()
    assert read_size() == (640, 83)  # the title alone


def read_size() -> tuple[int, int]:
    with Image.open("plots/audit.png") as picture:
        return picture.size


def test_of_many_finds_the_report_shows_some_and_the_file_lists_more(monkeypatch):
    monkeypatch.setitem(COUNTS, "validation", 200)
    monkeypatch.setitem(WRONG, "validation", list(range(70)))
    lines = {
        f"test/{row}": f"{'cat' if row % 2 else 'dog'}/{row}.png,{'cat' if row % 2 else 'dog'},test,9,9,x,1"
        for row in range(9)
    }
    write_project("train", lines=lines)

    audit.main()

    text = Path("metrics/audit.md").read_text()
    assert len(re.findall(r"^\| (?:cat|dog)/validation", text, flags=re.M)) == 50
    assert len(read_found()["labels"]["photos"]) == 70
    assert (
        "| 9 | yes | dog/0.png (test); cat/1.png (test); dog/2.png (test); cat/3.png (test); dog/4.png (test); 4 more |"
        in text
    )


def test_a_member_of_earlier_settings_has_no_say_and_is_swept(capsys):
    write_project()
    Path("dvc.lock").write_text("stages: {s: {outs: [{path: data/predictions/members/former.npz}]}}")
    Path("data/predictions/members/former.npz").write_bytes(b"")

    audit.main()

    assert "removed data/predictions/members/former.npz" in capsys.readouterr().out
    assert read_found()["judged"]["members"] == 3


def test_members_that_hold_out_different_rows_are_refused():
    write_project()
    with np.load("data/predictions/members/third.npz") as saved:
        arrays = {**saved, "held_out_rows": saved["held_out_rows"][::-1]}
    np.savez("data/predictions/members/third.npz", **arrays)

    with pytest.raises(PipelineError, match="held-out rows differ"):
        audit.main()


@pytest.mark.parametrize(
    ("path", "rows", "message"),
    [
        ("data/arrays/train/labels.npy", 59, r"first has predictions for 60 train images, data/arrays/train has 59"),
        ("data/arrays/test/images.npy", 29, r"manifest.csv lists 30 test photos, data/arrays/test/images.npy has 29"),
    ],
)
def test_what_does_not_fit_together_is_refused(path, rows, message):
    write_project()
    np.save(path, np.load(path)[:rows])

    with pytest.raises(PipelineError, match=message):
        audit.main()


@pytest.mark.parametrize(
    ("path", "fix"), [("data/predictions/members/second.npz", "train@second"), ("data/arrays/manifest.csv", "prepare")]
)
def test_a_missing_file_is_named_with_the_command_that_writes_it(path, fix):
    write_project()
    Path(path).unlink()

    with pytest.raises(PipelineError, match=fix) as caught:
        audit.main()
    assert path in str(caught.value)


def test_where_labels_are_only_in_doubt_the_report_says_so(monkeypatch):
    monkeypatch.setitem(WRONG, "train", [])
    monkeypatch.setitem(WRONG, "validation", [])
    write_project()

    audit.main()

    assert list(read_found()["labels"]["photos"]) == ["dog/train_7.png"]
    assert "\n\nNone is probably wrong. In doubt, 1:\n\n| photo |" in Path("metrics/audit.md").read_text()


@pytest.mark.parametrize(("wrong", "is_said"), [(80, False), (81, True)])
def test_members_that_are_often_wrong_are_poor_judges_and_the_report_says_so(monkeypatch, wrong, is_said):
    monkeypatch.setitem(COUNTS, "validation", 200)
    monkeypatch.setitem(WRONG, "validation", list(range(wrong)))
    write_project("train")

    audit.main()

    text = Path("metrics/audit.md").read_text()
    assert ("they take 81 of 200 photos (40%) for another class" in text) is is_said
