"""Nothing is stale, whatever was edited: `walk.py` says how that is seen."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.clone import ROOT

from .code_edits import list_stale_changes
from .fork_server import start_server
from .fresh_runs import FreshRuns
from .walk import Walk
from .walked_project import start_project

pytestmark = pytest.mark.thorough

SEED = int(os.environ.get("WALK_SEED", "1"))
EDITS = int(os.environ.get("WALK_EDITS", "56"))  # every kind twice
QUICK_SEED = 4  # the two members exchange their labels
QUICK_KINDS = [
    "setting of backbones or training",
    "members reordered",
    "code of a stage changed",
    "ensemble swapped or renamed",
    "member renamed",
]


@pytest.fixture
def servers(tmp_path, request) -> Iterator[list[Path]]:
    """For each hash seed that a test names, a folder `bin` with a `python` and a `dvc` that start in no time."""
    folders = [tmp_path / f"seed_{seed}" / "bin" for seed in request.param]
    started = []
    for folder, seed in zip(folders, request.param, strict=True):
        folder.mkdir(parents=True)
        started.append(start_server(folder, seed))
    yield folders
    for server in started:
        server.kill()
        server.wait()


def begin_walk(folders: list[Path], seed: int) -> Walk:
    """A walk on the first of the servers; what it is compared with runs on the last."""
    project = start_project(folders[0].parent / "project")
    return Walk(project, FreshRuns(folders[-1].parent / "fresh_runs", folders[-1]), seed)


def test_the_lines_that_a_walk_changes_are_in_the_code():
    assert list_stale_changes(ROOT) == []


@pytest.mark.parametrize("servers", [[1]], indirect=True)
def test_after_some_edits_nothing_is_stale(servers):
    walk = begin_walk(servers, QUICK_SEED)
    walk.project.repro()
    walk.commit("the first run", is_run=True)

    walk.deck = QUICK_KINDS[:]
    walk.go(len(QUICK_KINDS), share_run=0)

    assert walk.judge() == []


@pytest.mark.faults
@pytest.mark.parametrize("servers", [[1, 2]], indirect=True)
def test_on_a_long_walk_nothing_is_stale(servers):
    walk = begin_walk(servers, SEED)
    walk.run([])
    walk.commit("the first run", is_run=True)

    walk.go(EDITS)

    found = walk.judge()
    print(f"seed {SEED}: {walk.describe()}")
    assert found == [], f"WALK_SEED={SEED}"
