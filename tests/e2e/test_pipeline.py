"""The whole pipeline for real, on tiny data: what only real outputs can show.

It is the profile cats_vs_dogs, made small, with two members. Each state is committed to a branch.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
import yaml

from .clone import (
    ROOT,
    Clone,
    clone_again,
    clone_working_tree,
    draw_photos,
    list_files_of,
    read_repro,
    set_param,
    shrink,
)
from .scores import check_curves, check_ensemble, check_metrics, check_metrics_diff, count_rows

PROFILE = ROOT / "profiles/cats_vs_dogs.yaml"
STAGES = ("fetch", "prepare", "embed", "train", "fuse", "stack", "evaluate", "compare", "audit")
# Python runs this before all else: at the end, which modules of ours has a stage's process loaded?
NOTE_MODULES = """
import atexit
import os
import sys
from pathlib import Path


@atexit.register
def note_modules():
    script = Path(sys.argv[0])
    if script.parent.name == "stages":
        names = [name for name in sys.modules if name.partition(".")[0] in ("stages", "stacker")]
        folder = Path(__file__).parent / "noted"
        folder.mkdir(exist_ok=True)
        text = "\\n".join([f"stages.{script.stem}", *names])
        (folder / f"{script.stem}-{os.getpid()}").write_text(text, encoding="utf-8")
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Clone:
    """The pipeline run once, on branch `first`."""
    folder = tmp_path_factory.mktemp("pipeline")
    project = clone_working_tree(folder / "project")
    (folder / "site").mkdir()
    (folder / "site/sitecustomize.py").write_text(NOTE_MODULES, encoding="utf-8")
    project.environment["PYTHONPATH"] = str(folder / "site")
    params = shrink(yaml.safe_load(PROFILE.read_text(encoding="utf-8")), image_size=32)
    del params["members"]["xception"]
    for member in params["members"].values():
        member["backbone"] = "MobileNet"  # the smallest graph
    params["fetch"] = {"copies": {"kind": "archive", "url": archive_photos(folder / "copies")}}
    project.write_params(params)
    for seed, split in enumerate(["train", "validation"]):
        draw_photos(project.path / params["data"]["images"] / split, ["cats", "dogs"], 12, seed)
    project.dvc("add", params["data"]["images"])
    project.repro()
    commit_branch(project, "first")
    return project


@pytest.fixture(scope="module")
def swapped(built) -> tuple[Clone, str]:
    """The same with another member in the place of inception_v3, on branch `swapped`; and what the run printed."""
    first, second = built.read_params()["members"].values()
    set_param("members", {"mobilenet_v2": first, "newcomer": {**second, "backbone": "MobileNetV3Small"}})(built)
    repro = built.repro()
    commit_branch(built, "swapped")
    built.git("checkout", "--quiet", "first")
    built.dvc("checkout")
    return built, repro.output


@pytest.fixture
def project(built):
    """The project in a built state, and in that state again afterwards."""
    yield built
    built.git("checkout", "--force", "--quiet", "first")
    built.git("clean", "--force", "--quiet")
    built.dvc("checkout", "--force")


def archive_photos(folder: Path) -> str:
    """The address of an archive with class folders."""
    draw_photos(folder, ["cats", "dogs"], 2)
    return f"file://{shutil.make_archive(str(folder), 'zip', folder)}"


def commit_branch(project: Clone, name: str) -> None:
    project.commit(name)
    project.git("branch", name)


def list_modules(project: Clone, stage: str) -> set[str]:
    lines = (project.path / f"data/code/{stage}.txt").read_text(encoding="utf-8").splitlines()
    return {line.split()[1] for line in lines if line.startswith("module ")}


@pytest.mark.parametrize("stage", STAGES)
def test_check_lists_all_modules_that_a_stage_loads(built, stage):
    noted = list((built.path.parent / "site/noted").glob(f"{stage}-*"))
    loaded = {name for path in noted for name in path.read_text(encoding="utf-8").split()}
    assert f"stages.{stage}" in loaded
    assert "stacker.checks.command" in loaded
    assert loaded - list_modules(built, stage) == set()


def test_every_stage_has_run_and_the_scores_are_scores(built):
    ran = {stage.partition("@")[0] for stage in built.stages()}
    assert ran == {"check", *STAGES, "evaluate_ensemble"}
    counts = count_rows(built, test=24)
    assert (counts.held_out, counts.held_out_rows) == (22, "oof")  # of 24 photos, a tenth of each class steers
    for model, epochs in {"mobilenet_v2": 0, "inception_v3": 0, "ensemble": 0}.items():
        check_metrics(built, model, counts)
        check_curves(built, model, epochs)
    check_ensemble(built, "ensemble", counts)


def test_git_has_the_metrics_and_plots_of_every_model(built):
    listed = set(built.git("ls-tree", "-r", "--name-only", "first").split())
    for model in ("mobilenet_v2", "inception_v3", "ensemble"):
        assert {f"metrics/{model}.json", f"metrics/details/{model}.json"} <= listed
    assert {"metrics/leaderboard.md", "metrics/details/leaderboard.json", "plots/leaderboard.png"} <= listed
    assert {f"plots/data/{plot}.csv" for plot in ("confusion", "curves", "roc")} <= listed
    assert {path for path in listed if path.startswith(("plots/curves", "data/predictions", "data/code"))} == set()


def test_a_fresh_clone_agrees_with_the_lock(built, tmp_path):
    fresh = clone_again(built, tmp_path / "fresh", "first")
    fresh.dvc("checkout")
    assert json.loads(fresh.dvc("status", "--json")) == {}


@pytest.mark.slow  # test_edits has the same of stages stood in for
def test_what_a_swapped_member_left_behind_is_gone_with_a_line_that_says_so(swapped, tmp_path):
    project, output = swapped
    fresh = clone_again(project, tmp_path / "fresh", "swapped")
    fresh.dvc("checkout")
    assert json.loads(fresh.dvc("status", "--json")) == {}
    assert [path for path in list_files_of("inception_v3") if f"removed {path}: " not in output] == []
    assert [path for path in list_files_of("inception_v3") if (fresh.path / path).exists()] == []
    assert [path for path in list_files_of("newcomer") if not (fresh.path / path).exists()] == []


@pytest.mark.slow
def test_metrics_diff_names_the_models_and_the_change(swapped):
    check_metrics_diff(swapped[0], "first", "swapped", left="inception_v3", stayed="mobilenet_v2", arrived="newcomer")


def read_outputs(project: Clone) -> dict[str, bytes]:
    """All files that stages wrote, and the lock."""
    return {path: (project.path / path).read_bytes() for path in {"dvc.lock", *project.list_files()}}


def check_recovery(project: Clone, before: dict[str, bytes]) -> None:
    """After a failure what DVC removed comes back: from its cache, or from Git."""
    project.git("checkout", "dvc.lock", "metrics", "plots")
    project.dvc("checkout")
    after = read_outputs(project)
    assert after.keys() == before.keys()
    assert [path for path in before if after[path] != before[path]] == []


def test_a_broken_image_leaves_the_outputs_recoverable(project):
    before = read_outputs(project)
    photos = project.read_params()["data"]["images"]
    (project.path / photos / "train/cats/broken.png").write_bytes(b"no image")
    repro = project.repro(fails=True)
    assert repro.ran == {"prepare"}
    assert "broken.png" in repro.output
    assert "Traceback" not in repro.output
    assert (project.path / "dvc.lock").read_bytes() == before["dvc.lock"]
    project.git("checkout", f"{photos}.dvc")  # `dvc repro` notes the new state of a folder that `dvc add` tracks
    check_recovery(project, before)


def test_an_interrupted_run_leaves_the_outputs_recoverable(project):
    before = read_outputs(project)
    endless = {"patience": None, "fine_tune": {"layers": "all", "epochs": 100_000}}  # it must not stop early
    set_param("members.mobilenet_v2.training", endless)(project)
    output = interrupt_repro(project, sign="fine-tuning from the images")
    assert read_repro(output).ran == {"check", "train@mobilenet_v2"}
    project.git("checkout", "params.yaml")
    check_recovery(project, before)


def interrupt_repro(project: Clone, sign: str) -> str:
    """Start `dvc repro`, press Ctrl-C once it has printed `sign`, and return the output."""
    log = project.path.parent / "interrupted.log"
    with log.open("w") as stream:
        process = subprocess.Popen(
            ["dvc", "repro"],
            cwd=project.path,
            env={**project.environment, "PYTHONUNBUFFERED": "1"},
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a background job's shell ignores it
        )
    deadline = time.monotonic() + 240
    while sign not in log.read_text(encoding="utf-8") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    assert process.poll() is None, log.read_text(encoding="utf-8")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    output = log.read_text(encoding="utf-8")
    assert sign in output
    return output
