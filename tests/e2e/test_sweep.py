"""A sweep: `dvc exp run` with some settings changed, and the table that sorts what came out, best first.

The stages are stood in for.
"""

import csv
import io

import pytest

from .clone import Clone, clone_working_tree, draw_photos, make_stub_params, stand_in_for_stages

PHOTOS = "data/raw/photos"
LOSS = "metrics/ensemble.json:heldout.log_loss"
WIDTHS = (4, 7)


@pytest.fixture(scope="module")
def swept(tmp_path_factory) -> Clone:
    """A clone that ran, and then once for each width of the meta-model."""
    project = clone_working_tree(tmp_path_factory.mktemp("sweep") / "project")
    stand_in_for_stages(project)
    project.write_params(make_stub_params(PHOTOS))
    draw_photos(project.path / PHOTOS, ["left", "right"], 3)
    project.dvc("add", PHOTOS)
    project.repro()
    project.commit("main")
    for width in WIDTHS:
        project.dvc("exp", "run", "--name", f"width-{width}", "--set-param", f"+meta_models.ensemble.hidden=[{width}]")
    return project


def show_experiments(project: Clone, *options: str) -> list[dict[str, str]]:
    """The rows of `dvc exp show` that are experiments, in its order."""
    table = project.dvc("exp", "show", "--csv", *options)
    return [row for row in csv.DictReader(io.StringIO(table)) if row["typ"].startswith("branch")]


def test_experiments_are_sorted_by_the_ensembles_held_out_log_loss_best_first(swept):
    best_first = show_experiments(swept, "--only-changed", "--sort-by", LOSS)
    worst_first = show_experiments(swept, "--only-changed", "--sort-by", LOSS, "--sort-order", "desc")
    assert {row["Experiment"] for row in best_first} == {f"width-{width}" for width in WIDTHS}
    losses = [float(row[LOSS]) for row in best_first]
    assert losses[0] < losses[1]
    assert [float(row[LOSS]) for row in worst_first] == losses[::-1]  # so it is no other order that fits by chance
