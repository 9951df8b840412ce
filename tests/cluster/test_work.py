"""What is done first, side by side, and by the driver: asked of DVC's graph of the real dvc.yaml."""

import json

import pytest
from e2e.clone import Clone, draw_photos, set_param
from faults.project import clone_stubbed_project

from stacker.cluster.work import Work, order_by_urgency

ASK = """
import json, sys
from stacker.cluster.work import find_work

work = find_work(sys.argv[1:])
print(json.dumps({**work._asdict(), "parallel": {stage: sorted(behind) for stage, behind in work.parallel.items()},
                  "own": {stage: sorted(behind) for stage, behind in work.own.items()}}))
"""
HERE = {"evaluate@a", "evaluate@b", "evaluate_ensemble@ensemble", "compare", "audit"}


@pytest.fixture(scope="module")
def clone(tmp_path_factory) -> Clone:
    return clone_stubbed_project(tmp_path_factory.mktemp("work"))


def ask(clone: Clone, *targets: str) -> dict:
    return json.loads(clone.run("python", "-c", ASK, *targets).splitlines()[-1])


@pytest.mark.thorough
def test_of_a_project_where_nothing_has_run(clone):
    work = ask(clone)
    assert work["first"] == ["check", "fetch@photos", "prepare"]
    assert work["parallel"] == {
        "embed@a": [],
        "embed@b": [],
        "train@a": ["embed@a"],
        "train@b": ["embed@b"],
        "fuse": ["embed@a", "embed@b"],
        "stack@ensemble": ["embed@a", "embed@b", "train@a", "train@b"],
    }
    assert work["own"].keys() == HERE
    assert work["own"]["evaluate@a"] == ["embed@a", "train@a"]
    assert work["inputs"]["train@a"] == ["check", "embed@a", "prepare"]
    assert work["ancestors"]["train@a"] == ["check", "embed@a", "fetch@photos", "prepare"]
    assert set(work["order"]) == {*work["first"], *work["parallel"], *work["own"]}


@pytest.mark.thorough
def test_of_a_target_what_it_needs(clone):
    work = ask(clone, "train@a")
    assert (work["first"], work["parallel"], work["own"]) == (
        ["check", "fetch@photos", "prepare", "embed@a", "train@a"],
        {},
        {},
    )


@pytest.mark.thorough
def test_what_reads_the_users_own_photos_stays_with_the_driver(clone):
    """Two datasets that are fetched could come side by side; photos that nobody tracks are here alone."""
    before = clone.read_params()
    try:
        fetch = {name: {"kind": "digits"} for name in ("one", "other")}
        set_param("fetch", fetch)(clone)
        set_param("data.images", "my_photos")(clone)
        draw_photos(clone.path / "my_photos", ["cats", "dogs"], 2)
        work = ask(clone)
    finally:
        clone.write_params(before)
    assert work["first"] == ["check", "prepare"]
    assert {"fetch@one", "fetch@other", "embed@a"} <= work["parallel"].keys()


def test_those_go_first_behind_which_most_time_lies():
    parallel = {"a": set(), "b": set(), "c": {"a"}, "d": {"a", "b", "c"}}
    work = Work([], [], parallel, {}, {}, {}, {"a": 1.0, "b": 8.0, "c": 9.0, "d": 2.0})
    assert order_by_urgency(work) == ["a", "c", "b", "d"]
