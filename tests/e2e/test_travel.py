"""Results travel: through a DVC remote, a second clone gets what costs time, with the lock or without it.

The stages are stood in for; which outputs DVC can bring back follows from the real dvc.yaml.
"""

import json
from pathlib import Path

import pytest

from .clone import Clone, clone_working_tree, draw_photos, make_stub_params, set_param, stand_in_for_stages

pytestmark = pytest.mark.thorough

PHOTOS = "data/raw/photos"
SCORED = {"evaluate@a", "evaluate@b"}


@pytest.fixture(scope="module")
def pushed(tmp_path_factory) -> Clone:
    """A clone that ran with an ensemble and without, committed each to a branch, and pushed all to a remote."""
    folder = tmp_path_factory.mktemp("travel")
    project = clone_working_tree(folder / "project")
    stand_in_for_stages(project)
    project.write_params({**make_stub_params(PHOTOS), "fetch": {"digits": {"kind": "digits"}}})
    draw_photos(project.path / PHOTOS, ["left", "right"], 3)
    project.dvc("add", PHOTOS)
    project.dvc("remote", "add", "--default", "shared", str(folder / "remote"))
    for branch, meta_models in {"no_ensemble": {}, "ensemble": {"ensemble": {}}}.items():
        set_param("meta_models", meta_models)(project)
        project.repro()
        project.commit(branch)
        project.git("branch", branch)
        project.dvc("push", "--run-cache")
    return project


def clone_without_cache(source: Clone, path: Path, branch: str) -> Clone:
    """Clone `source` as a colleague would on another machine."""
    source.git("clone", "--quiet", "--branch", branch, str(source.path), str(path))
    clone = Clone(path)
    stand_in_for_stages(clone)
    return clone


def test_without_a_lock_nothing_that_costs_time_runs_again(pushed, tmp_path):
    clone = clone_without_cache(pushed, tmp_path / "clone", "ensemble")
    (clone.path / "dvc.lock").unlink()
    repro = clone.repro("--pull")
    expected = {f"{stage}@{label}" for stage in ("embed", "train") for label in ("a", "b")}
    assert repro.restored >= expected | {"check", "fetch@digits", "prepare", "stack@ensemble"}, repro.output
    assert repro.ran <= SCORED | {"evaluate_ensemble@ensemble", "compare", "audit"}, repro.output
    assert clone.list_files() == pushed.list_files()
    assert json.loads(clone.dvc("status", "--json")) == {}


@pytest.mark.parametrize("branch", ["ensemble", "no_ensemble"])
def test_with_a_lock_nothing_runs_and_all_models_come(pushed, tmp_path, branch):
    clone = clone_without_cache(pushed, tmp_path / "clone", branch)
    repro = clone.repro("--pull")
    assert repro.ran == set(), repro.output
    assert (clone.path / "models/members/a.h5").is_file()
    assert (clone.path / "models/ensemble.h5").is_file() is (branch == "ensemble")
    assert json.loads(clone.dvc("status", "--json")) == {}


@pytest.mark.parametrize("branch", ["ensemble", "no_ensemble"])
def test_with_a_lock_and_allow_missing_nothing_runs(pushed, tmp_path, branch):
    clone = clone_without_cache(pushed, tmp_path / "clone", branch)
    repro = clone.repro("--pull", "--allow-missing")
    assert repro.ran == set(), repro.output
    assert clone.git("status", "--porcelain") == ""
