"""`stacker repro` on this machine, with real Ray and DVC; the stages are stood in for."""

import os
import signal
from pathlib import Path

import pytest
from e2e.clone import Clone
from faults.project import clone_small_project

from .project import (
    REPRO,
    find_processes,
    forget,
    kill_process,
    list_changes,
    read_outputs,
    run_undisturbed,
    start,
    wait_for_processes,
    wait_until,
    without_lock,
)

pytest.importorskip("ray")
pytestmark = pytest.mark.extra
PARALLEL = {"embed@a", "embed@b", "train@a", "train@b", "fuse", "stack@ensemble"}
HERE = {"evaluate@a", "evaluate@b", "evaluate_ensemble@ensemble", "compare", "audit"}


def leaves_nothing(clone: Clone) -> bool:
    return wait_for_processes(clone, 30) == [] and not list((clone.path / ".dvc/tmp/stacker").glob("clones-*"))


def test_it_ends_as_dvc_repro_does_with_members_side_by_side(project):
    clone, outputs = project
    run = start(clone)
    assert run.finish() == 0, run.output
    assert read_outputs(clone) == outputs
    assert set(list_changes(run.output, "done")) >= PARALLEL | {"check", "prepare"}
    a, b = (run.output.index(f"train@{label}: running") for label in "ab")
    assert max(a, b) < min(run.output.index(f"train@{label}: done") for label in "ab")
    assert "critical path: " in run.output
    assert "train@" in run.output.partition("critical path: ")[2].partition("stack@ensemble")[0]
    assert "at work" in (clone.path / ".dvc/tmp/stacker/logs/train@a.log").read_text()
    assert leaves_nothing(clone)

    again = start(clone)
    assert again.finish() == 0
    assert list_changes(again.output, "running") == []  # and Ray was not started
    assert "critical path" not in again.output
    assert "Data and pipelines are up to date" in again.output


@pytest.mark.faults
def test_a_target_is_all_that_is_done(project):
    clone, _ = project
    run = start(clone, "train@a", "embed@b")
    assert run.finish() == 0, run.output
    assert (clone.path / "models/members/a.h5").exists()
    assert (clone.path / "data/features/b").exists()
    assert not (clone.path / "models/members/b.h5").exists()
    assert not (clone.path / "models/ensemble.h5").exists()


def test_uncommitted_changes_travel(project):
    clone, outputs = project
    clone.edit_params(lambda params: params["members"]["b"].update(backbone="MobileNetV3Small"))
    run = start(clone)
    assert run.finish() == 0, run.output
    changed = {path for path, digest in read_outputs(clone).items() if outputs.get(path) != digest}
    assert {"models/members/b.h5", "models/ensemble.h5"} <= changed
    assert "models/members/a.h5" not in changed
    assert clone.repro().ran == set()


@pytest.mark.faults
def test_a_stage_that_fails_lets_the_others_end_and_is_named(project):
    clone, outputs = project
    (clone.path.parent / "fail").touch()
    run = start(clone)
    assert run.finish() == 255, run.output  # as `dvc repro`
    log = ".dvc/tmp/stacker/logs/train@b.log"
    assert f"train@b ended with exit code 255 on {os.uname().nodename}; its log is {log}" in run.output
    assert "no luck" in (clone.path / log).read_text()
    assert "train@a" in list_changes(run.output, "done")
    assert "stack@ensemble" not in list_changes(run.output, "running")
    assert leaves_nothing(clone)

    (clone.path.parent / "fail").unlink()
    again = start(clone)
    assert again.finish() == 0, again.output
    assert "train@a" not in list_changes(again.output, "running")
    assert without_lock(read_outputs(clone)) == without_lock(outputs)
    assert clone.repro().ran == set()


@pytest.mark.faults
def test_ctrl_c_stops_all_and_what_had_ended_is_kept(project):
    clone, outputs = project
    run = start(clone)
    assert run.wait_for("train@a: running"), run.output
    os.killpg(run.process.pid, signal.SIGINT)
    assert run.finish(60) == 130, run.output
    assert "stopped: the stages that had ended are kept" in run.output
    assert "Traceback" not in run.output
    assert leaves_nothing(clone)

    ended = PARALLEL.intersection(list_changes(run.output, "done"))  # on a busy machine `embed@b` may still run
    assert ended >= {"embed@a"}
    again = clone.repro()
    assert again.restored >= ended, again.output
    assert {"train@a", "stack@ensemble"} - ended <= again.ran
    assert "stack@ensemble" in again.ran
    assert without_lock(read_outputs(clone)) == without_lock(outputs)
    assert clone.repro().ran == set()


@pytest.mark.faults
def test_a_driver_that_is_killed_leaves_no_process_and_the_next_run_goes_on(project):
    clone, outputs = project
    run = start(clone)
    assert run.wait_for("train@a: running"), run.output
    os.kill(run.process.pid, signal.SIGKILL)
    assert wait_for_processes(clone, 60) == []
    run.finish()

    again = start(clone)
    assert again.finish() == 0, again.output
    assert set(list_changes(again.output, "restored")) >= {"embed@a"}
    assert without_lock(read_outputs(clone)) == without_lock(outputs)
    assert clone.repro().ran == set()
    assert leaves_nothing(clone)


@pytest.mark.faults
@pytest.mark.parametrize("sign", ["ray::train@a", "stacker.cluster.runner"], ids=["Ray's worker", "what runs DVC"])
def test_a_worker_that_is_killed_is_replaced(project, sign):
    clone, outputs = project
    run = start(clone)
    assert run.wait_for("train@a: running"), run.output
    wait_until(lambda: any("sleep" in command for command in find_processes(clone)))
    kill_process(clone, sign)
    assert run.finish() == 0, run.output
    assert "tried again" in run.output
    assert read_outputs(clone) == outputs
    assert leaves_nothing(clone)


def test_a_second_run_in_the_folder_is_refused(project):
    clone, outputs = project
    run = start(clone)
    assert run.wait_for("embed@a: running"), run.output
    assert "another `stacker repro` is at work in this folder" in clone.run(*REPRO, fails=True)
    assert run.finish() == 0
    assert read_outputs(clone) == outputs


def test_photos_and_secrets_stay_where_they_are(project):
    """Photos that Git does not track are read by the driver alone; what Git ignores is in no clone."""
    clone, outputs = project
    (clone.path / ".env").write_text("SECRET=1")
    (clone.path / ".gitignore").write_text((clone.path / ".gitignore").read_text() + "\n.env\n")
    spy = clone.path.parent / "bin/python"
    spied = clone.path.parent / "seen"
    old = spy.read_text()
    first, _, rest = old.partition("\n")
    spy.write_text(f'{first}\ncase "$2" in stages.*) echo "$2 $(ls -A | tr "\\n" " ")" >> {spied} ;; esac\n{rest}')
    run = start(clone)
    code = run.finish()
    spy.write_text(old)
    assert code == 0, run.output
    lines = [line for line in spied.read_text().splitlines() if line.startswith("stages.train")]
    assert len(lines) == 2
    assert not any(".env" in line or ".git " in line for line in lines)
    assert all(" params.yaml " in line for line in lines)
    assert read_outputs(clone) == outputs
    assert Path(clone.path / ".env").exists()


@pytest.mark.faults
def test_real_stages_split_off_from_one_python_write_the_same_bytes_and_leave_no_process(tmp_path):
    clone = clone_small_project(tmp_path)
    outputs = run_undisturbed(clone).outputs
    forget(clone)
    run = start(clone)
    assert run.wait_for("train@kept: running"), run.output
    wait_until(lambda: count_split_off(clone) > 0)
    assert run.finish() == 0, run.output
    assert read_outputs(clone) == outputs
    assert leaves_nothing(clone)

    forget(clone)
    killed = start(clone)
    assert killed.wait_for("train@kept: running"), killed.output
    wait_until(lambda: count_split_off(clone) > 0)
    os.kill(killed.process.pid, signal.SIGKILL)
    assert wait_for_processes(clone, 60) == []
    killed.finish()


def count_split_off(clone: Clone) -> int:
    """How many stages were split off from the Python that waits for them."""
    return sum("stacker.cluster.warm_server" in command for command in find_processes(clone)) - 1
