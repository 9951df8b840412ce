"""What all pictures share: styles, files, names that fit; and that no picture leaves a model out."""

from pathlib import Path

import numpy as np
import pytest
from made_up_models import make_models, name_classes, read_text
from PIL import Image

from stacker.pictures.confusion_picture import draw_confusion
from stacker.pictures.leaderboard_picture import draw_leaderboard
from stacker.pictures.look import DPI, choose_styles, fixed_look, save_picture, shorten, write_picture
from stacker.pictures.reliability_picture import draw_reliability
from stacker.pictures.trade_off_pictures import draw_precision_recall, draw_roc
from stacker.scoring.rows import Rows
from stacker.scoring.standings import Model, rank_models


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(("members", "classes"), [(1, 2), (3, 3), (8, 10), (2, 25)])
def test_every_model_is_in_every_picture(members, classes):
    labels, models = make_models(members, classes)
    names = name_classes(classes)
    rows = Rows(labels, np.arange(len(labels)))

    with fixed_look():
        figures = [
            draw_leaderboard(rank_models(models, rows, names), "member_0"),
            draw_roc(models, labels, names),
            draw_precision_recall(models, labels, names),
            draw_confusion(models, labels, names),
            draw_reliability(models, rows),
        ]

    for figure in figures:
        text = read_text(figure)
        assert all(model.title in text for model in models)


def test_no_two_models_look_alike():
    _, models = make_models(16, 2)
    names = ("geometric_mean", "weights", "logistic", "features")  # with the two of `make_models`, all that are drawn
    models += [Model("baseline", name, models[0].held_out, models[0].test) for name in names]

    styles = choose_styles(models)

    assert len({str(sorted(style.items(), key=str)) for style in styles.values()}) == len(models)


def test_a_member_keeps_its_style_whoever_leads():
    _, models = make_models(5, 2)

    assert choose_styles(models) == choose_styles(models[::-1])


def test_equal_pictures_are_equal_files_without_date_or_version(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "svg")
    labels, models = make_models(2, 2)
    contents = []
    for _ in range(2):
        with fixed_look():
            save_picture(draw_roc(models, labels, ["cat", "dog"]), "roc")
        contents.append(Path("plots/roc.png").read_bytes())

    assert contents[0] == contents[1]
    with Image.open("plots/roc.png") as picture:
        assert picture.width == 900  # a README shows it as it is
        assert not {"Software", "Creation Time", "date"} & set(picture.info)


def test_a_picture_has_the_colours_that_matplotlib_would_write_in_its_own_layout():
    labels, models = make_models(3, 3)
    with fixed_look():
        write_picture(draw_confusion(models, labels, name_classes(3)), Path("ours.png"))
        draw_confusion(models, labels, name_classes(3)).savefig("theirs.png", dpi=DPI)

    with Image.open("ours.png") as ours, Image.open("theirs.png") as theirs:
        expected = theirs.convert("RGB").quantize(256).convert("RGB")
        assert np.array_equal(np.asarray(ours.convert("RGB")), np.asarray(expected))


@pytest.mark.parametrize("classes", [["$x", "a_{b}$|"], ["$x", "a_{b}$|", *name_classes(20)]])
def test_dollars_and_bars_in_names_are_no_markup(classes):
    labels, models = make_models(1, len(classes))

    with fixed_look():
        save_picture(draw_confusion(models, labels, classes), "confusion")

    assert Path("plots/confusion.png").is_file()


@pytest.mark.parametrize(
    ("text", "expected"), [("short", "short"), ("exactly_ten", "…actly_ten"), ("ten_letter", "ten_letter")]
)
def test_shortens_from_the_front(text, expected):
    assert shorten(text, 10) == expected
