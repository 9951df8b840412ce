"""Classes and photos whose names are formulas, markup or commands to a terminal: through all that writes a name.

The photos are real files and go through the stage `prepare`; what members say of them is made up, as no network hangs
on a name.
"""

import csv
import json
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from compare_project import CURVE, make_member, write_ensemble
from helpers import edited, small_settings, write_noise_folders, write_params
from tiny_networks import FOR_RED, build_tiny_member, save_tiny_model
from trained_project import write_models, write_photos

from stacker.artifacts.arrays import load_classes, load_labels
from stacker.artifacts.curves import write_history
from stacker.artifacts.manifest import load_manifest
from stacker.artifacts.predictions import save_fused, save_predictions
from stacker.cli import main
from stacker.using.model_card.card import write_card

pytestmark = pytest.mark.thorough

NAMES = [
    "<script>alert(1)<",  # no folder's name has a slash
    "<!--<script",
    "a|b",
    "=cmd()",
    "+1",
    "@x",
    "-2",
    "-2+cmd",
    " spaces before",
    "x" * 200,
    "new\nline",
    "tab\there",
    "\x1b[31mred",
    'quotes", and commas',
    "\u202egnp.exe",
    "`code` ![picture](x) $x$",
]
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
LEAST, SPLITS = 10, ("train", "validation", "test")


@pytest.fixture
def prepared(workspace, run_stage):
    """Real photos in class folders of these names, prepared, and what members would say of them."""
    write_noise_folders(workspace / "photos", dict.fromkeys(NAMES, LEAST), side=8)
    data = {"images": "photos", "image_size": 32, "splits": {"train": ".", "validation": 0.2, "test": 0.3}}
    blocks = {"members": {"first": {"backbone": "MobileNetV2"}, "second": {"backbone": "VGG16"}}}
    write_params(edited(small_settings(), {**blocks, "data": data, "meta_models": {"ensemble": {}}}))
    run_stage("prepare")
    labels = {split: load_labels(split) for split in SPLITS}
    for seed, label in enumerate(("first", "second")):
        save_predictions(label, make_member(labels, len(NAMES), 1.5, seed))
        write_history(label, CURVE)
    save_fused(make_member(labels, len(NAMES), 1.5, 500))
    write_ensemble("ensemble", labels, len(NAMES), ["first", "second"], 7, False)
    write_history("ensemble", CURVE)
    return labels


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def check_markdown(text: str, name: str) -> None:
    """No markup and no command in it, and every table is one."""
    assert not CONTROLS.search(text), name
    assert not re.search("<script|<!--|(?<!\\\\)!\\[|(?<!\\\\)`code", text), name
    width = None
    for line in text.splitlines():
        cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else None
        assert width is None or cells in (width, None), f"{name}: {line}"
        width = cells


def is_formula(cell: str) -> bool:
    return cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) and not re.fullmatch(r"[+-]?\d+(\.\d+)?", cell)


def test_every_name_goes_through_the_stages_without_harm_and_comes_back(prepared, run_stage):
    assert load_classes() == sorted(NAMES)
    listed = read_csv(Path("data/arrays/manifest.csv"))
    assert not any(is_formula(cell) for line in listed for cell in line.values())
    photos = [photo for split in load_manifest().values() for photo in split]
    assert {photo.label for photo in photos} == set(NAMES)
    assert all((Path("photos") / photo.path).is_file() for photo in photos)

    run_stage("evaluate", "first")
    run_stage("evaluate", "second")
    run_stage("evaluate", "ensemble", ensemble=True)
    run_stage("compare")
    run_stage("audit")

    for path in ("metrics/leaderboard.md", "metrics/audit.md"):
        check_markdown(Path(path).read_text(encoding="utf-8"), path)
    assert set(json.loads(Path("metrics/details/first.json").read_text())["test"]["recall"]) == set(NAMES)
    assert r"a\|b" in Path("metrics/leaderboard.md").read_text(encoding="utf-8")
    for path in sorted(Path("plots/data").glob("*.csv")):  # DVC puts it into a script of its page
        text = path.read_text(encoding="utf-8")
        assert "<" not in text, path
        assert not CONTROLS.search(text), path
    shown = {line["actual"] for line in read_csv(Path("plots/data/confusion.csv"))}
    assert {"‹script>alert(1)‹", "=cmd()", r"new\nline", r"\x1b[31mred", r"\u202egnp.exe"} <= shown
    card = write_card().split("---\n", 2)[2]
    check_markdown(card, "the model card")
    assert "x" * 60 not in card + Path("metrics/leaderboard.md").read_text(encoding="utf-8")
    for picture in Path("plots").glob("*.png"):
        width, height = np.frombuffer(picture.read_bytes()[16:24], ">u4")
        assert max(width, height) <= 4000, picture


@pytest.fixture
def using(tmp_path, monkeypatch):
    """A model that knows these classes, and photos that are called so."""
    monkeypatch.chdir(tmp_path)
    write_models(tmp_path, NAMES)
    paths = write_photos(tmp_path, 4)
    for path, name in zip(paths, ("=cmd().png", "\x1b[2J.png", "new\nline.png", "\u202egnp.png"), strict=True):
        path.rename(name)
    Path("broken\x1b[2J.png").write_bytes(b"no image")
    return tmp_path


def run(monkeypatch, capsys, *arguments: str) -> tuple[str, str]:
    monkeypatch.setattr(sys, "argv", ["stacker", *arguments])
    with pytest.raises(SystemExit):
        main()
    return capsys.readouterr()


def test_predictions_are_for_terminals_spreadsheets_and_programs(using, monkeypatch, capsys):
    photos = sorted(path.name for path in using.glob("*.png"))

    table, errors = run(monkeypatch, capsys, "predict", *photos, "--members", "--top", "3")

    assert not CONTROLS.search(table + errors)
    assert len(table.splitlines()) == 1 + len(photos)
    assert r"broken\x1b[2J.png: it is no image" in errors
    for name in ("answers.csv", "answers.jsonl"):
        run(monkeypatch, capsys, "predict", *photos, "--members", "--top", "16", "--output", name)
    lines = read_csv(Path("answers.csv"))
    assert not any(is_formula(cell) for line in lines for cell in line.values())
    records = [json.loads(line) for line in Path("answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [record["photo"] for record in records] == photos  # as they are
    guessed = {line[f"class_{number}"] for line in lines for number in range(2, 17)} - {""}
    assert {"'=cmd()", "'@x", "'-2+cmd", "+1", "-2", "new\nline", "a|b"} <= guessed


def test_photos_to_label_next_are_for_spreadsheets_too(using, monkeypatch, capsys):
    photos = sorted(path.name for path in using.glob("*.png"))

    told = run(monkeypatch, capsys, "next", *photos, "--count", "3")

    assert not CONTROLS.search("".join(told))
    lines = read_csv(Path("next/photos.csv"))
    assert len(lines) == 3
    assert not any(is_formula(cell) for line in lines for cell in line.values())


def test_pictures_that_explain_have_them_in_a_line_each(using, monkeypatch, capsys):
    member = build_tiny_member("sharp", FOR_RED)
    save_tiny_model(member, Path("sharp.h5"), (), ("\x1b[31mred", "new\nline"))

    table, errors = run(
        monkeypatch, capsys, "explain", "\x1b[2J.png", "new\nline.png", "--output", "out", "--model", "sharp.h5"
    )

    assert len(table.splitlines()) == 2, errors
    assert not CONTROLS.search(table)
    assert len(list(Path("out").iterdir())) == 2


def test_an_error_shows_what_it_was_given(using, monkeypatch, capsys):
    _, errors = run(monkeypatch, capsys, "predict", "\x1b]0;owned\x07.png", "--model", "ensemble")

    assert r"\x1b]0;owned\x07.png" in errors
    assert not CONTROLS.search(errors)
