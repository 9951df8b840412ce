"""Pictures: what is drawn, not how it looks; that is for the eye."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stacker.pictures.contact_sheet import Mistake, collect_votes, draw_contact_sheet, find_mistakes, read_paths
from stacker.pictures.curve_pictures import draw_learning_curves, draw_precision_recall, draw_roc
from stacker.pictures.look import choose_styles, draw_leaderboard, fixed_look, save_picture, shorten
from stacker.pictures.panel_pictures import draw_confusion, draw_reliability
from stacker.scoring.intervals import compute_wilson_interval
from stacker.scoring.rows import Rows
from stacker.scoring.standings import Model, rank_models

NOTHING = np.empty((0, 2))


@pytest.fixture(autouse=True)
def directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def make_models(members, classes, n=60):
    generator = np.random.default_rng(0)
    labels = np.arange(n) % classes
    names = [("member", f"member_{number}") for number in range(members)]
    names += [("baseline", "mean"), ("baseline", "greedy"), ("ensemble", "ensemble")]
    concentration = np.eye(classes)[labels] * 3 + 1
    draws = [np.stack([generator.dirichlet(row) for row in concentration]) for _ in names]
    return labels, [Model(kind, name, draw, draw) for (kind, name), draw in zip(names, draws, strict=True)]


def read_text(figure):
    """All that is written in a figure."""
    return "\n".join(text.get_text() for text in figure.findobj(lambda artist: hasattr(artist, "get_text")))


@pytest.mark.parametrize(("members", "classes"), [(1, 2), (3, 3), (8, 10)])
def test_every_model_is_in_every_picture(members, classes):
    labels, models = make_models(members, classes)
    names = [f"class {number}" for number in range(classes)]
    rows = Rows(labels, np.arange(len(labels)))

    with fixed_look():
        figures = [
            draw_leaderboard(rank_models(models, rows, rows, names)),
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
        assert not {"Software", "Creation Time", "date"} & set(picture.info)


def test_dollars_and_bars_in_names_are_no_markup():
    labels, models = make_models(1, 2)

    with fixed_look():
        save_picture(draw_confusion(models, labels, ["$x", "a_{b}$|"]), "confusion")

    assert Path("plots/confusion.png").is_file()


def test_confusion_counts_truth_in_rows():
    labels = np.array([0, 0, 0, 1])
    model = Model("member", "only", NOTHING, np.eye(2)[[1, 1, 0, 1]])

    with fixed_look():
        (panel,) = draw_confusion([model], labels, ["cat", "dog"]).axes

    cells = {text.get_position(): text.get_text() for text in panel.texts}
    assert cells == {(0, 0): "1", (1, 0): "2", (1, 1): "1"}  # position: (prediction, truth)
    assert "2 of 4 right" in panel.get_title()


def test_more_classes_than_fit_get_no_numbers():
    labels, models = make_models(1, 13, n=26)

    with fixed_look():
        panels = draw_confusion(models, labels, [f"class {number}" for number in range(13)]).axes

    assert all(not panel.texts for panel in panels)


@pytest.mark.parametrize(("classes", "step"), [(2, 1), (30, 1), (31, 2), (300, 10), (1000, 34)])
def test_confusion_names_no_more_classes_than_fit(classes, step):
    labels = np.arange(classes)
    model = Model("member", "only", NOTHING, np.eye(classes))

    with fixed_look():
        figure = draw_confusion([model], labels, [f"class {number}" for number in range(classes)])

    (panel,) = figure.axes
    for axis in (panel.xaxis, panel.yaxis):
        assert axis.get_ticklocs().tolist() == list(range(0, classes, step))
        assert [label.get_text() for label in axis.get_ticklabels()] == [f"class {k}" for k in range(0, classes, step)]
        assert len(axis.get_ticklabels()) <= 30
    assert (f"one class in {step} is named" in read_text(figure)) == (step > 1)


def test_reliability_shows_the_share_right_in_each_bin():
    labels = np.array([0, 0, 0, 0])
    model = Model("member", "only", NOTHING, np.array([[0.91, 0.09], [0.91, 0.09], [0.91, 0.09], [0.09, 0.91]]))

    with fixed_look():
        (panel,) = draw_reliability([model], Rows(labels, np.arange(4))).axes

    points = panel.lines[-1].get_xydata()
    assert points == pytest.approx(np.array([[0.91, 0.75]]))


def test_reliability_counts_copies_as_what_they_are():
    labels = np.zeros(4, int)
    model = Model("member", "only", NOTHING, np.array([[0.91, 0.09], [0.91, 0.09], [0.91, 0.09], [0.7, 0.3]]))

    with fixed_look():
        (panel,) = draw_reliability([model], Rows(labels, np.array([3, 3, 3, 4]))).axes

    lows = [segment[0, 1] for segment in panel.collections[0].get_segments()]
    assert lows == pytest.approx([compute_wilson_interval(1.0, 1)[0]] * 2)  # a photo each: three of them are copies


def test_learning_curves_mark_the_phases():
    history = {
        "epoch": ["1", "2"],
        "phase": ["head", "fine_tune"],
        "accuracy": ["0.5", "0.65"],
        "loss": ["0.7", "0.55"],
        "val_accuracy": ["0.4", "0.75"],
        "val_loss": ["0.6", "0.45"],
        "learning_rate": ["0.1", "0.05"],
        "strength": ["", ""],
        "kept": ["1", "0"],
    }
    steps = {**history, "learning_rate": ["", ""]}
    path = {**steps, "phase": ["head", "head"], "strength": ["0.01", "0.1"]}

    with fixed_look():
        figure = draw_learning_curves({"member": history, "ensemble": steps, "linear": path})

    assert "fine tune" in read_text(figure)
    assert [axes.get_xlabel() for axes in figure.axes if axes.get_xlabel()] == ["epoch", "iteration", "C"]
    assert figure.axes[0].lines[1].get_markevery() == [0]
    assert figure.axes[4].get_xscale() == "log"
    assert figure.axes[4].lines[0].get_xydata().tolist() == [[0.01, 0.5], [0.1, 0.65]]
    assert figure.axes[0].lines[0].get_xydata().tolist() == [[1, 0.5], [2, 0.65]]
    assert figure.axes[0].lines[1].get_xydata().tolist() == [[1, 0.4], [2, 0.75]]
    assert figure.axes[1].lines[0].get_xydata().tolist() == [[1, 0.7], [2, 0.55]]
    assert figure.axes[1].lines[1].get_xydata().tolist() == [[1, 0.6], [2, 0.45]]


def test_mistakes_are_the_surest_first():
    labels = np.array([0, 0, 1, 1, 0])
    probabilities = np.array([[0.4, 0.6], [0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.1, 0.9]])

    assert find_mistakes(labels, probabilities).tolist() == [2, 4, 0, 3]
    assert find_mistakes(labels, probabilities, most=1).tolist() == [2]
    assert find_mistakes(labels, np.eye(2)[labels]).tolist() == []


def test_votes_are_each_models_own_class_and_its_probability():
    votes = {"ensemble": np.array([[0.4, 0.6]]), "first": np.array([[0.7, 0.3]])}

    assert collect_votes(votes, 0, ["cat", "dog"]) == [("ensemble", "dog", 0.6), ("first", "cat", 0.7)]


def test_paths_are_those_of_the_split_in_its_order():
    Path("manifest.csv").write_text('path,class,split\nb.png,cat,test\na.png,cat,train\n"a,c.png",dog,test\n')

    assert read_paths(Path("manifest.csv"), "test") == ["b.png", "a,c.png"]


def test_contact_sheet_shows_photo_truth_and_every_vote():
    image = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    mistake = Mistake(image, "cats/1.png", "cat", [("ensemble", "dog", 0.987), ("first", "cat", 0.6)])

    with fixed_look():
        figure = draw_contact_sheet([mistake], "ensemble", 7)

    text = read_text(figure)
    assert np.array_equal(figure.axes[0].images[0].get_array(), image)
    assert "cats/1.png\ntruth: cat" in text
    assert "1 most confident of 7 mistakes of ensemble" in text
    assert [line.split() for line in figure.axes[0].get_xlabel().splitlines()] == [
        ["✗", "ensemble", "dog", "0.987"],
        ["✓", "first", "cat", "0.600"],
    ]


def test_contact_sheet_without_mistakes_says_so():
    assert "gets every test photo right" in read_text(draw_contact_sheet([], "ensemble", 0))


@pytest.mark.parametrize(
    ("text", "expected"), [("short", "short"), ("exactly_ten", "…actly_ten"), ("ten_letter", "ten_letter")]
)
def test_shortens_from_the_front(text, expected):
    assert shorten(text, 10) == expected
