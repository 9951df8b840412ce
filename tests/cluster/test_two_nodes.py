"""`stacker repro --address` on a real Ray cluster of two nodes; the stages are stood in for."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from e2e.clone import clone_again
from faults.small_disk import leave_room, make_room, mounted_disk

from stacker.inference.choosing import has_amx

from .nodes import find_port, two_nodes
from .project import (
    REPRO,
    find_processes,
    forget,
    kill_process,
    list_changes,
    read_outputs,
    start,
    wait_until,
    without_lock,
)

pytest.importorskip("ray")
pytestmark = [pytest.mark.extra, pytest.mark.faults]


@pytest.fixture
def cluster(project, tmp_path):
    clone, _ = project
    with two_nodes(tmp_path, clone) as nodes:
        yield nodes


def test_both_nodes_work_and_all_is_as_after_dvc_repro(project, cluster):
    clone, outputs = project
    run = start(clone, "--address", cluster[0])
    assert run.finish() == 0, run.output
    assert read_outputs(clone) == outputs
    assert all(f" on {name} " in run.output for name in ("one", "two")), run.output
    assert not list((clone.path.parent / "remote/stacker-jobs").glob("*"))
    assert not list(cluster[1].folder.glob("tmp/stacker-jobs/*"))
    assert set(list_changes(run.output, "done")) >= {"embed@a", "train@b", "stack@ensemble"}


def test_a_stage_that_fails_is_named_with_node_and_log_and_the_next_run_goes_on(project, cluster):
    clone, outputs = project
    fail = clone.path.parent / "fail"
    fail.touch()
    run = start(clone, "--address", cluster[0])
    assert run.finish() == 255, run.output
    found = re.search(r"train@b ended with exit code 255 on (one|two); its log is (\S+)", run.output)
    assert found
    assert "no luck" in (clone.path / found[2]).read_text()
    assert "train@a" in list_changes(run.output, "done")

    fail.unlink()
    again = start(clone, "--address", cluster[0])
    assert again.finish() == 0, again.output
    assert "train@a" not in list_changes(again.output, "running")
    assert without_lock(read_outputs(clone)) == without_lock(outputs)
    assert not list((clone.path.parent / "remote/stacker-jobs").glob("*"))


def test_a_worker_and_then_a_whole_node_are_killed(project, cluster):
    clone, outputs = project
    address, _, two = cluster
    run = start(clone, "--address", address)
    assert run.wait_for("train@a: running"), run.output
    kill_process(clone, "stacker.cluster.runner")
    assert run.wait_for("tried again"), run.output
    wait_until(lambda: len(re.findall(r"^train@[ab]: running", run.output, re.MULTILINE)) >= 3)
    two.kill()
    assert run.finish() == 0, run.output
    assert read_outputs(clone) == outputs


def test_the_driver_is_killed_and_the_next_run_goes_on(project, cluster):
    clone, outputs = project
    run = start(clone, "--address", cluster[0])
    assert run.wait_for("train@a: running"), run.output
    os.killpg(run.process.pid, signal.SIGKILL)
    run.finish()
    wait_until(lambda: not any("stages.train" in command for command in find_processes(clone)), 60)

    again = start(clone, "--address", cluster[0])
    assert again.finish() == 0, again.output
    assert {"embed@a", "embed@b"} & set(list_changes(again.output, "running"))  # asked for, and found in the folder
    assert set(list_changes(again.output, "restored")) & {"embed@a", "embed@b"} or "embed@a" not in again.output
    assert without_lock(read_outputs(clone)) == without_lock(outputs)
    assert not list((clone.path.parent / "remote/stacker-jobs").glob("*"))


def test_two_drivers_at_once_do_not_meet(project, cluster, tmp_path):
    clone, outputs = project
    other = clone_again(clone, tmp_path / "other/project", "main")
    other.environment = {**clone.environment, "DVC_SITE_CACHE_DIR": str(tmp_path / "site")}
    other.dvc("cache", "dir", "--local", str(tmp_path / "cache"))
    runs = [start(one, "--address", cluster[0]) for one in (clone, other)]
    assert [run.finish() for run in runs] == [0, 0], [run.output for run in runs]
    assert read_outputs(clone) == read_outputs(other) == outputs
    assert not list((clone.path.parent / "remote/stacker-jobs").glob("*"))


def test_a_remote_that_is_gone_is_named(project, cluster):
    clone, outputs = project
    run = start(clone, "--address", cluster[0])
    assert run.wait_for("train@a: running"), run.output
    remote = clone.path.parent / "remote"
    shutil.rmtree(remote)
    remote.write_text("no folder any more")
    try:
        assert run.finish() in (1, 255), run.output  # whoever meets it first: the driver, or a stage
        assert re.search(
            r"the remote \S+/stacker-jobs/\w+(, bringing what|: )|the results to the remote \S+/stacker-jobs/\w+: ",
            run.output,
        )
        assert "Traceback" not in run.output
    finally:
        remote.unlink()
    again = start(clone, "--address", cluster[0])
    assert again.finish() == 0, again.output
    assert without_lock(read_outputs(clone)) == without_lock(outputs)


def test_a_remote_that_is_full_is_named_and_with_room_the_next_run_goes_on(project, cluster, tmp_path):
    clone, outputs = project
    config = clone.path / ".dvc/config"
    text = config.read_text()
    try:
        with mounted_disk(tmp_path / "disk", 4) as disk:
            clone.dvc("remote", "modify", "shared", "url", str(disk))
            run = start(clone, "--address", cluster[0])
            assert run.wait_for("train@a: running"), run.output
            leave_room(disk, 0)
            assert run.finish() in (1, 255), run.output
            assert re.search(rf"remote {disk}/stacker-jobs/\w+: [^\n]*No space left on device", run.output), run.output
            assert "Traceback" not in run.output

            make_room(disk)
            again = start(clone, "--address", cluster[0])
            assert again.finish() == 0, again.output
        assert without_lock(read_outputs(clone)) == without_lock(outputs)
    finally:
        config.write_text(text)


def test_a_node_with_other_packages_or_another_precision_is_refused(project, tmp_path):
    clone, outputs = project
    fake = tmp_path / "fake/numpy-0.1.dist-info"
    fake.mkdir(parents=True)
    (fake / "METADATA").write_text("Metadata-Version: 2.1\nName: numpy\nVersion: 0.1\n")
    with two_nodes(tmp_path, clone, PYTHONPATH=str(fake.parent)) as nodes:
        run = start(clone, "--address", nodes[0])
        assert run.finish() == 0, run.output
    assert re.search(r"two is not fit: its packages are not the driver's: numpy \d\.\d, there 0.1", run.output)
    assert " on two after" not in run.output
    assert read_outputs(clone) == outputs


def play_other_cpu(folder: Path) -> dict[str, str]:
    """The variables of a node whose CPU has AMX where this one has not, and the other way round."""
    if has_amx():
        return {"ONEDNN_MAX_CPU_ISA": "AVX2"}
    (folder / "sitecustomize.py").write_text(
        "import pathlib\nreal = pathlib.Path.read_text\n"
        "pathlib.Path.read_text = lambda path, *args, **options: real(path, *args, **options) + (\n"
        "    ' amx_bf16 ' if str(path) == '/proc/cpuinfo' else '')\n"
    )
    return {"PYTHONPATH": str(folder)}


def test_a_node_where_precision_auto_means_another_one_is_refused(project, tmp_path):
    clone, _ = project
    clone.edit_params(lambda params: params["inference"].update(precision="auto"))
    with two_nodes(tmp_path, clone, **play_other_cpu(tmp_path)) as nodes:
        run = start(clone, "--address", nodes[0])
        assert run.finish() == 0, run.output
    assert "two is not fit: inference.precision: auto means another precision on its CPU" in run.output
    assert " on two after" not in run.output


def test_a_cluster_without_a_token_is_refused(project, tmp_path):
    clone, _ = project
    with two_nodes(tmp_path, clone) as nodes:
        environment = clone.environment
        clone.environment = {key: value for key, value in environment.items() if not key.startswith("RAY_AUTH")}
        clone.environment["RAY_AUTH_MODE"] = "disabled"
        output = start(clone, "--address", nodes[0])
        assert output.finish() == 1
        clone.environment = environment
    assert "Ray" in output.output
    assert "Traceback" not in output.output


@pytest.mark.parametrize(
    ("url", "words"),
    [("https://example.org/x", "DVC keeps no run-cache on an HTTP server"), (None, "there is no default remote")],
)
def test_a_remote_that_cannot_serve_is_refused(project, url, words):
    clone, _ = project
    config = clone.path / ".dvc/config"
    text = config.read_text()
    try:
        if url:
            clone.dvc("remote", "modify", "shared", "url", url)
        else:
            clone.dvc("remote", "remove", "shared")
        assert words in clone.run(*REPRO, "--address", "auto", fails=True)
    finally:
        config.write_text(text)


def test_a_job_goes_on_while_nobody_follows_it(project, tmp_path):
    clone, outputs = project
    with two_nodes(tmp_path, clone, has_jobs=True) as nodes:
        run = start(clone, "--address", nodes[0])
        assert run.wait_for("train@a: running"), run.output
        os.killpg(run.process.pid, signal.SIGKILL)
        run.finish()
        wait_until(lambda: not any("stages.train" in command for command in find_processes(clone)), 120)

        again = start(clone, "--address", nodes[0])
        assert again.finish() == 0, again.output
        assert read_outputs(clone) == outputs
        jobs = clone.run("ray", "job", "list", "--address", nodes[0])
        assert len(set(re.findall(r"submission_id='(\w+)'", jobs))) == 1

        environment = clone.environment
        clone.environment = {**environment, "RAY_AUTH_TOKEN": "b" * 64}
        forget(clone)
        refused = start(clone, "--address", nodes[0])
        assert refused.finish() == 1, refused.output
        assert "Traceback" not in refused.output
        clone.environment = environment
    assert not list((clone.path.parent / "remote/stacker-jobs").glob("*"))


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_results_travel_through_s3(project, tmp_path):
    """moto's server stands in for S3."""
    clone, outputs = project
    port = find_port()
    server = subprocess.Popen(
        [Path(sys.executable).with_name("moto_server"), "-p", str(port)], stderr=subprocess.DEVNULL
    )
    before, config = clone.environment, clone.path / ".dvc/config"
    text = config.read_text()
    try:
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
        clone.environment = {**before, **keys}
        bucket = (
            f"import boto3; boto3.client('s3', endpoint_url='http://127.0.0.1:{port}').create_bucket(Bucket='results')"
        )
        wait_until(lambda: is_open(port))
        clone.run(sys.executable, "-c", bucket)
        clone.dvc("remote", "add", "--default", "--force", "shared", "s3://results/remote")
        clone.dvc("remote", "modify", "shared", "endpointurl", f"http://127.0.0.1:{port}")
        with two_nodes(tmp_path, clone) as nodes:
            run = start(clone, "--address", nodes[0])
            assert run.finish() == 0, run.output
        assert read_outputs(clone) == outputs
        listing = f"import boto3; print(boto3.client('s3', endpoint_url='http://127.0.0.1:{port}')"
        assert "stacker-jobs" not in clone.run(sys.executable, "-c", f"{listing}.list_objects_v2(Bucket='results'))")
    finally:
        server.kill()
        server.wait()
        clone.environment = before
        config.write_text(text)
