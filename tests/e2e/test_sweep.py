"""A sweep: `dvc exp run` with some settings changed, and the tables that DVC shows of it, as wide as a screen.

The stages are stood in for.
"""

import csv
import io
import re

import pytest

from .clone import Clone, clone_working_tree, draw_photos, make_stub_params, stand_in_for_stages

PHOTOS = "data/raw/photos"
LOSS = "metrics/ensemble.json:heldout.log_loss"
STRENGTHS = (0.03, 0.3)
MEMBERS = {"mobilenet_v2": "MobileNetV2", "inception_v3": "InceptionV3", "xception": "Xception"}
SCORES = ("heldout.accuracy", "heldout.log_loss", "test.accuracy", "test.log_loss")
README_DROP = r"--drop '([^']+)'"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> Clone:
    """A clone of the default's members that ran, and then once for each strength."""
    project = clone_working_tree(tmp_path_factory.mktemp("sweep") / "project")
    stand_in_for_stages(project)
    params = make_stub_params(PHOTOS)
    params["members"] = {label: {"backbone": name} for label, name in MEMBERS.items()}
    project.write_params(params)
    draw_photos(project.path / PHOTOS, ["left", "right"], 3)
    project.dvc("add", PHOTOS)
    project.repro()
    project.commit("main")
    for strength in STRENGTHS:
        project.dvc("exp", "run", "--name", name_run(strength), "--set-param", f"++training.C={strength}")
    return project


def name_run(strength: float) -> str:
    """Ten characters, as the names that DVC makes up."""
    return f"run-{strength:<6}".replace(" ", "0")


def show_experiments(project: Clone, *options: str) -> list[dict[str, str]]:
    """The rows of `dvc exp show` that are experiments, in its order."""
    table = project.dvc("exp", "show", "--csv", *options)
    return [row for row in csv.DictReader(io.StringIO(table)) if row["typ"].startswith("branch")]


def test_experiments_are_sorted_by_the_ensembles_held_out_log_loss_best_first(swept):
    best_first = show_experiments(swept, "--only-changed", "--sort-by", LOSS)
    worst_first = show_experiments(swept, "--only-changed", "--sort-by", LOSS, "--sort-order", "desc")
    assert {row["Experiment"] for row in best_first} == {name_run(strength) for strength in STRENGTHS}
    losses = [float(row[LOSS]) for row in best_first]
    assert losses[0] < losses[1]
    assert [float(row[LOSS]) for row in worst_first] == losses[::-1]  # so it is no other order that fits by chance


@pytest.mark.parametrize("command", [("metrics", "show"), ("metrics", "diff", "main")], ids=" ".join)
def test_the_metrics_of_three_members_and_an_ensemble_fit_a_screen(swept, command):
    lines = swept.show(100, "dvc", *command).splitlines()

    assert max(map(len, lines)) <= 100
    assert len(lines) <= 40
    table = "\n".join(lines)
    for label in (*MEMBERS, "ensemble"):
        assert f"metrics/{label}.json" in table
    assert re.findall(r"\b(?:heldout|test)\.\w+", lines[0] if command[1] == "show" else "") == (
        list(SCORES) if command[1] == "show" else []
    )


def test_the_readmes_table_of_experiments_shows_what_was_swept_and_its_scores(swept, pytestconfig):
    readme = (pytestconfig.rootpath / "README.md").read_text(encoding="utf-8")
    (drop,) = re.findall(README_DROP, readme)

    command = ("exp", "show", "--no-pager", "--only-changed", "--drop", drop, "--sort-by", LOSS)
    lines = swept.show(120, "dvc", *command).splitlines()

    assert max(map(len, lines)) <= 120
    header = next(line for line in lines if "Experiment" in line)
    assert header.split() == ["Experiment", LOSS, "metrics/ensemble.json:test.accuracy", "training.C"]
    for strength in STRENGTHS:
        assert any(f"[{name_run(strength)}]" in line and line.split()[-1] == str(strength) for line in lines)


def test_four_queued_runs_come_to_their_end(swept):
    queued = (0.001, 0.002, 0.004, 0.008)
    for strength in queued:
        swept.dvc("exp", "run", "--queue", "--name", name_run(strength), "--set-param", f"++training.C={strength}")

    swept.dvc("exp", "run", "--run-all")

    rows = {row["Experiment"]: row for row in show_experiments(swept)}
    assert {name_run(strength) for strength in queued} <= set(rows)
    for strength in queued:
        row = rows[name_run(strength)]
        assert (row["State"], float(row["training.C"])) == ("Success", strength)
        assert 1 < float(row[LOSS]) < 2
    states = swept.dvc("queue", "status").split()
    assert states.count("Success") == len(queued)
    assert not {"Queued", "Running", "Failed"} & set(states)
