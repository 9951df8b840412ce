"""`stacker plan` in a project that has run: real DVC and a real `check`, the other stages stood in for.

`tests/e2e/test_edits.py` compares it with `dvc repro` after an edit of each kind; here is the rest.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
import zc.lockfile
from e2e.clone import (
    ROOT,
    Clone,
    clone_working_tree,
    draw_photos,
    make_stub_params,
    read_plan,
    set_param,
    stand_in_for_stages,
)

pytestmark = pytest.mark.thorough

PHOTOS = "data/raw/photos"
STACKED = "models/ensemble.h5"
NOTHING = "Nothing to do: all 13 stages are up to date.\n"


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Clone:
    project = clone_working_tree(tmp_path_factory.mktemp("plan") / "project")
    stand_in_for_stages(project)
    project.write_params(make_stub_params(PHOTOS))
    draw_photos(project.path / PHOTOS, ["left", "right"], 3)
    project.dvc("add", PHOTOS)
    project.repro()
    project.commit("finished")
    return project


@pytest.fixture
def project(finished) -> Iterator[Clone]:
    """The finished project; what a test does to files that Git has is undone, and so is its environment."""
    environment = dict(finished.environment)
    yield finished
    finished.environment = environment
    finished.git("reset", "--hard", "--quiet")


def list_states(project: Clone) -> dict[str, tuple[int, int]]:
    """Size and time of every file but those of DVC's own, Git's own, and compiled ones."""
    files = [path for path in project.path.rglob("*") if path.is_file() and not {".git", "__pycache__"} & {*path.parts}]
    states = {path.relative_to(project.path).as_posix(): path.stat() for path in files}
    return {name: (s.st_size, s.st_mtime_ns) for name, s in states.items() if not name.startswith(".dvc/tmp/")}


def run_elsewhere(project: Clone, library: Path, **options: bool) -> str:
    """As the console script, which finds `stacker` in `library` and nothing in the folder that it is called in."""
    project.environment["PYTHONPATH"] = str(library)
    return project.run("python", "-P", "-m", "stacker", "plan", **options)


def test_a_finished_project_has_nothing_to_do(project):
    assert project.run("python", "-m", "stacker", "plan", "--exit-code") == NOTHING


def test_something_to_do_is_told_by_the_exit_status_where_asked_for(project):
    set_param("data.seed", 1)(project)

    assert "prepare: runs" in project.run("sh", "-c", 'python -m stacker plan --exit-code; test "$?" = 2')


def test_a_plan_writes_nothing(project):
    set_param("meta_models.ensemble.hidden", [6])(project)
    before = list_states(project)
    assert {"dvc.lock", "data/code/train.txt", STACKED} <= before.keys()

    project.plan()

    assert list_states(project) == before


def test_an_output_that_is_gone_comes_from_the_run_cache_where_the_stage_has_one(project):
    (project.path / STACKED).unlink()
    (project.path / "metrics/a.json").write_text("{}")

    plan, repro = project.plan(), project.repro()

    assert plan.outcomes == {"stack@ensemble": "from the run-cache", "evaluate@a": "runs"}  # see `cache: false`
    assert plan.lines["stack@ensemble"] == [f"    {STACKED} is missing"]
    assert plan.lines["evaluate@a"] == ["    metrics/a.json is not as the stage left it"]
    assert (repro.ran, repro.restored) == ({"evaluate@a"}, {"stack@ensemble"})


def test_without_its_file_in_the_cache_a_stage_runs(project):
    lock = yaml.safe_load((project.path / "dvc.lock").read_text())
    (digits,) = (out["md5"] for out in lock["stages"]["stack@ensemble"]["outs"] if out["path"] == STACKED)
    kept = project.path / f".dvc/cache/files/md5/{digits[:2]}/{digits[2:]}"
    aside = kept.rename(project.path.parent / "aside")

    plan = project.plan()
    aside.rename(kept)

    assert plan.outcomes["stack@ensemble"] == "runs"
    assert plan.lines["stack@ensemble"][0].startswith(f"    {STACKED} is not in DVC's cache")
    assert plan.outcomes["compare"] == "may run"


def test_another_command_is_a_reason(project):
    file = project.path / "dvc.yaml"
    file.write_text(file.read_text().replace("cmd: python -m stages.fuse", "cmd: python  -m stages.fuse"))

    plan = project.plan()

    assert plan.outcomes == {"fuse": "runs", "compare": "may run"}
    assert plan.lines["fuse"] == ["    its command in dvc.yaml changed"]


def test_the_inputs_of_a_frozen_stage_do_not_count(project):
    set_param("meta_models.ensemble.hidden", [6])(project)
    project.dvc("freeze", "compare")

    assert set(project.plan().outcomes) == {"check", "stack@ensemble", "evaluate_ensemble@ensemble"}


def test_an_input_that_nothing_writes_is_named(project):
    file = project.path / "dvc.yaml"
    stage = "  extra: {cmd: touch extra, deps: [nowhere.txt], outs: [extra]}\n\nplots:"
    file.write_text(file.read_text().replace("\nplots:", stage))

    assert project.plan().lines["extra"] == [
        "    new: dvc.lock does not have it",
        "    nowhere.txt is missing, and no stage writes it: `dvc repro` will stop here",
    ]


def test_photos_outside_the_project_are_an_input_as_others(project, tmp_path):
    draw_photos(tmp_path / "photos", ["left", "right"], 1)
    set_param("data.images", str(tmp_path / "photos"))(project)
    project.dvc("repro", "--quiet", "prepare")
    (tmp_path / "photos/left/000.png").unlink()

    plan = project.plan()
    project.git("checkout", "--quiet", "dvc.lock")
    project.dvc("checkout", "--quiet")

    assert plan.outcomes["prepare"] == "runs"
    assert plan.lines["prepare"] == [f"    {tmp_path}/photos changed"]


def test_seconds_of_the_last_run_are_told(project):
    set_param("meta_models.ensemble.hidden", [6])(project)
    folder = project.path / ".dvc/tmp/stacker/seconds"
    (folder / "stack@ensemble").write_text("71.3\n")
    (folder / "check").write_text("0.6\n")

    lines = project.plan().output.splitlines()
    (folder / "stack@ensemble").unlink()

    assert lines[2] == "stack@ensemble: runs, about 71 s"
    assert "about 72 s together, 2 not yet timed" in lines[-3]


def test_check_is_timed_when_dvc_runs_it(project):
    assert 0.1 < float((project.path / ".dvc/tmp/stacker/seconds/check").read_text()) < 60


def test_a_wrong_setting_is_named_as_check_names_it(project):
    set_param("training.epoch", 3)(project)

    output = project.run("python", "-m", "stacker", "plan", "--exit-code", fails=True)

    assert "error: 1 wrong setting in params.yaml:\n  training.epoch: there is no such setting" in output
    assert "Traceback" not in output


def test_photos_that_dvc_tracks_and_that_are_gone_are_named(project):
    aside = (project.path / PHOTOS).rename(project.path.parent / "photos")

    output = project.run("python", "-m", "stacker", "plan", fails=True)
    aside.rename(project.path / PHOTOS)

    assert f"error: {PHOTOS}: tracked by {PHOTOS}.dvc, and not here: `dvc checkout`" in output


@pytest.mark.parametrize("text", ["stages: [", "stages: {check: {outs: [data/code]}}"])
def test_a_dvc_yaml_that_dvc_cannot_read_is_named(project, text):
    (project.path / "dvc.yaml").write_text(text)

    output = project.run("python", "-m", "stacker", "plan", fails=True)

    assert "error: DVC says: " in output
    assert "dvc.yaml" in output
    assert "Traceback" not in output


def test_a_project_in_which_dvc_is_at_work_is_not_planned(project):
    held = zc.lockfile.LockFile(str(project.path / ".dvc/tmp/lock"))
    try:
        output = project.run("python", "-m", "stacker", "plan", fails=True)
    finally:
        held.close()

    assert "error: DVC says: Unable to acquire lock." in output
    assert "Traceback" not in output


def test_a_folder_without_dvc_is_named(project, tmp_path):
    shutil.copy(project.path / "params.yaml", tmp_path)
    (tmp_path / PHOTOS).mkdir(parents=True)
    project.environment["PYTHONPATH"] = str(project.path)

    output = project.run("sh", "-c", f"cd {tmp_path} && python -m stacker plan", fails=True)

    assert f"error: `stacker` is that of {project.path}, and this is {tmp_path}" in output


def test_the_console_script_finds_the_stages_of_the_folder(project, tmp_path):
    (tmp_path / "stacker").symlink_to(project.path / "stacker")

    assert run_elsewhere(project, tmp_path) == NOTHING


def test_the_library_of_another_checkout_is_refused(project):
    output = run_elsewhere(project, ROOT, fails=True)

    assert f"error: `stacker` is that of {ROOT}, and this is {project.path}: here, run `python -m" in output


def test_a_plan_is_read_by_the_tests_as_it_is_printed():
    text = "a@b: may run, about 3 s\n    depends on the result of c\nd/e.dvc: taken in\n    x changed\n\nEnd.\n"

    plan = read_plan(text)

    assert plan.outcomes == {"a@b": "may run", "d/e.dvc": "taken in"}
    assert plan.lines == {"a@b": ["    depends on the result of c"], "d/e.dvc": ["    x changed"]}
    assert plan.waiting == {"a@b"}
