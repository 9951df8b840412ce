"""What `dvc repro` re-runs after an edit: the real thing, in a temporary clone, on tiny data.

One clone takes all edits one after the other, so that the run-cache serves the later ones. Every state is committed to
a branch, from which the tests below the table clone, compare and recover.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import yaml

from .clone import (
    ROOT,
    Clone,
    Params,
    Repro,
    clone_again,
    clone_working_tree,
    draw_photo,
    draw_photos,
    read_repro,
)

PHOTOS = "data/raw/photos"
PARAMS = """
data:
  fetch: {}
  images: data/raw/photos
  image_size: 32
  fit: stretch
  interpolation: linear
  splits: {train: ., validation: 0.2, test: 0.3}
  near_duplicates: null
  seed: 0
backbone:
  {weights: null, pooling: avg, image_size: null, trainable: false, batch_norm_momentum: null, seed: 1}
training:
  epochs: 1
  batch_size: 32
  optimizer: adam
  learning_rate: 0.001
  schedule: constant
  warmup_epochs: 0
  patience: null
  class_weights: null
  label_smoothing: 0.0
  augmentation: null
  fine_tune: null
  initial_scores: false
  precision: float32
  jit_compile: false
  seed: 1
members:
  a: {backbone: MobileNet, head: {standardize: true, hidden: [4]}}
  b: {backbone: MobileNetV2, head: {standardize: true}}
stacking:
  fit_on: holdout
  folds: 2
  holdout: 0.2
  seed: 0
  meta_models:
    ensemble: {hidden: [4], epochs: 1, batch_size: 32, learning_rate: 0.001, calibration: null, seed: 0}
inference: {engine: keras, precision: float32, batch_size: 32}
"""

# Runs whenever a prediction or the set of members has changed; an empty set where dvc.yaml has no such stage.
COMPARE = {"compare"} & set(yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"])
NOTHING: set[str] = set()
STACK = {"stack@ensemble"}
# The files of a member that went must be swept out of the folders that these read, so they run; they give what they
# gave before, so nothing after them runs.
SWEEP = STACK | COMPARE
ENSEMBLE = STACK | {"evaluate_ensemble@ensemble"} | COMPARE


def retrained(*labels: str) -> set[str]:
    return {f"{stage}@{label}" for label in labels for stage in ("train", "evaluate")}


def rebuilt(*labels: str) -> set[str]:
    return retrained(*labels) | {f"embed@{label}" for label in labels}


def everything(*labels: str) -> set[str]:
    return {"prepare"} | rebuilt(*labels) | ENSEMBLE


class Edit(NamedTuple):
    """An edit of the project, and the stages that the next `dvc repro` has to run: these and no other."""

    name: str
    apply: Callable[[Clone], None]
    runs: set[str]


def change_nothing(project: Clone) -> None:
    pass


def set_param(where: str, value: object) -> Callable[[Clone], None]:
    """Set the parameter at a dotted path."""

    def apply(params: Params) -> None:
        *path, last = where.split(".")
        for key in path:
            params = params.setdefault(key, {})
        params[last] = value

    return lambda project: project.edit_params(apply)


def set_members(**members: str) -> Callable[[Clone], None]:
    """Set the whole mapping, in this order: the member of each label as YAML."""
    return set_param("members", {label: yaml.safe_load(text) for label, text in members.items()})


def add_image(project: Clone) -> None:
    draw_photo(project.path / PHOTOS / "left/one_more.png", 0, np.random.default_rng(2))


def add_stray_member(project: Clone) -> None:
    (project.path / "models/members/stray.h5").write_bytes(b"left behind by another branch")


def delete_lock_and_outputs(project: Clone) -> None:
    (project.path / "dvc.lock").unlink()
    for name in ("data/arrays", "data/features", "data/predictions", "models/members", "metrics", "plots"):
        shutil.rmtree(project.path / name)


# As the edits of a's epochs and head leave it.
A = "{backbone: MobileNet, head: {standardize: true, hidden: [5]}, training: {epochs: 2}}"
B = "{backbone: MobileNetV2, head: {standardize: true}}"
C = "{backbone: MobileNetV3Small, head: {standardize: true}}"

# fmt: off
EDITS = [
    Edit("first_run",           change_nothing,                                         everything("a", "b")),
    Edit("nothing_changed",     change_nothing,                                         NOTHING),
    Edit("epochs_of_a_member",  set_param("members.a.training", {"epochs": 2}),         retrained("a") | ENSEMBLE),
    Edit("head_of_a_member",    set_param("members.a.head.hidden", [5]),                retrained("a") | ENSEMBLE),
    Edit("shared_training",     set_param("training.learning_rate", 0.002),             retrained("a", "b") | ENSEMBLE),
    Edit("width_of_meta_model", set_param("stacking.meta_models.ensemble.hidden", [6]), ENSEMBLE),
    Edit("member_swapped",      set_param("members.b.backbone", "MobileNetV3Small"),    rebuilt("b") | ENSEMBLE),
    Edit("member_swapped_back", set_param("members.b.backbone", "MobileNetV2"),         NOTHING),
    Edit("member_added",        set_members(a=A, b=B, c=C),                             rebuilt("c") | ENSEMBLE),
    Edit("members_reordered",   set_members(c=C, b=B, a=A),                             NOTHING),
    Edit("member_removed",      set_members(a=A, b=B),                                  SWEEP),
    Edit("label_swapped",       set_members(a=A, c=C),                                  ENSEMBLE),
    Edit("label_swapped_back",  set_members(a=A, b=B),                                  SWEEP),
    Edit("member_renamed",      set_members(a=A, z=B),                                  rebuilt("z") | ENSEMBLE),
    Edit("stray_member_file",   add_stray_member,                                       STACK),
    Edit("nothing_after_stray", change_nothing,                                         NOTHING),
    Edit("lock_deleted",        delete_lock_and_outputs,                                NOTHING),
    Edit("image_added",         add_image,                                              everything("a", "z")),
    Edit("image_size",          set_param("data.image_size", 36),                       everything("a", "z")),
]
# fmt: on


class Walk:
    """Makes the edits in their order, each once, as far as a test asks; every state becomes a branch."""

    def __init__(self, project: Clone):
        self.project = project
        self.repros: dict[str, Repro] = {}
        self.left = list(EDITS)

    def reach(self, name: str) -> Repro:
        while name not in self.repros:
            assert self.left, "an earlier edit failed"
            edit = self.left[0]
            remaining, self.left = self.left[1:], []  # a failure ends the walk: the next edits would build on it
            edit.apply(self.project)
            self.repros[edit.name] = self.project.repro()
            self.project.commit(edit.name)
            self.project.git("branch", edit.name)
            self.left = remaining
        return self.repros[name]


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    project = clone_working_tree(tmp_path_factory.mktemp("repro") / "project")
    (project.path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    draw_photos(project.path / PHOTOS, ["left", "right"], 30)
    project.dvc("add", PHOTOS)
    project.commit("tiny data")
    return Walk(project)


@pytest.fixture
def project(walk):
    """The project in a built state, and in that state again afterwards."""
    walk.reach("first_run")
    yield walk.project
    walk.project.git("checkout", "--force", "--quiet", "main")
    walk.project.git("clean", "--force", "--quiet")
    walk.project.dvc("checkout", "--force")


@pytest.mark.parametrize("edit", EDITS, ids=[edit.name for edit in EDITS])
def test_an_edit_runs_these_stages_and_no_other(walk, edit):
    repro = walk.reach(edit.name)
    assert repro.ran == edit.runs, repro.output


def test_a_swap_back_comes_from_the_run_cache(walk):
    assert walk.reach("member_swapped_back").restored == rebuilt("b") | ENSEMBLE
    assert walk.reach("label_swapped_back").restored >= {"train@b"}  # `stack` had swept its model out


def test_all_stages_come_back_when_the_lock_is_gone(walk):
    repro = walk.reach("lock_deleted")
    assert repro.restored == everything("a", "z"), repro.output


def test_git_has_the_metrics_and_plots_of_every_model(walk):
    walk.reach("first_run")
    listed = set(walk.project.git("ls-tree", "-r", "--name-only", "first_run").split())
    for model in ("a", "b", "ensemble"):
        assert {f"metrics/{model}.json", f"plots/curves/{model}.csv", f"plots/roc/{model}.csv"} <= listed


@pytest.mark.parametrize("state", ["member_swapped", "member_removed", "label_swapped_back", "stray_member_file"])
def test_a_fresh_clone_agrees_with_the_lock(walk, tmp_path, state):
    walk.reach(state)
    fresh = clone_again(walk.project, tmp_path / "fresh", state)
    fresh.dvc("checkout")
    assert json.loads(fresh.dvc("status", "--json")) == {}


def test_metrics_diff_names_the_models_and_the_change(walk):
    walk.reach("label_swapped")
    changes = json.loads(walk.project.dvc("metrics", "diff", "member_removed", "label_swapped", "--all", "--json"))
    left, arrived = changes["metrics/b.json"]["log_loss"], changes["metrics/c.json"]["log_loss"]
    assert left["old"] > 0
    assert left["new"] is None
    assert arrived["new"] > 0
    assert arrived["old"] is None
    ensemble = changes["metrics/ensemble.json"]["log_loss"]
    assert ensemble["diff"] == pytest.approx(ensemble["new"] - ensemble["old"])
    member = changes["metrics/a.json"]["log_loss"]
    assert member["old"] == member["new"]


def read_outputs(project: Clone) -> dict[str, bytes]:
    """All files that stages wrote, and the lock."""
    folders = ("data", "models", "metrics", "plots")
    outputs = [path for folder in folders for path in (project.path / folder).rglob("*")]
    return {str(path): path.read_bytes() for path in [project.path / "dvc.lock", *outputs] if path.is_file()}


def check_recovery(project: Clone, before: dict[str, bytes]) -> None:
    """After a failure the lock is as it was, and what DVC removed comes back, from its cache or from Git."""
    assert (project.path / "dvc.lock").read_bytes() == before[str(project.path / "dvc.lock")]
    project.dvc("checkout")
    project.git("checkout", "metrics", "plots")
    after = read_outputs(project)
    assert after.keys() == before.keys()
    assert [path for path in before if after[path] != before[path]] == []


def test_a_broken_image_leaves_the_outputs_recoverable(project):
    before = read_outputs(project)
    (project.path / PHOTOS / "left/broken.png").write_bytes(b"no image")
    output = project.repro(fails=True).output
    assert "broken.png" in output
    assert "Traceback" not in output
    project.git("checkout", f"{PHOTOS}.dvc")  # `dvc repro` notes the new state of a folder that `dvc add` tracks
    check_recovery(project, before)


def test_an_interrupted_run_leaves_the_outputs_recoverable(project):
    before = read_outputs(project)
    label = next(iter(project.read_params()["members"]))
    set_param(f"members.{label}.training", {"epochs": 100_000})(project)
    output = interrupt_repro(project, f"Running stage 'train@{label}'", seconds=12)
    assert read_repro(output).ran == {f"train@{label}"}
    check_recovery(project, before)


def interrupt_repro(project: Clone, sign: str, seconds: float) -> str:
    """Start `dvc repro`, press Ctrl-C some time after it has printed `sign`, and return the output."""
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
    deadline = time.monotonic() + 120
    while sign not in log.read_text(encoding="utf-8") and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.2)
    time.sleep(seconds)
    assert process.poll() is None, log.read_text(encoding="utf-8")
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) != 0
    return log.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("where", "value", "stage", "message"),
    [
        ("training.epoch", 3, "train@", "training.epoch: there is no such setting"),
        ("stacking.meta_models.ensemble.hidden", "ten", "stack@", "stacking.meta_models.ensemble.hidden"),
        ("members.q", {"backbone": "MobilNetV2"}, "embed@", "Near matches: MobileNetV2"),
        ("data.seed", -1, "prepare", "data.seed"),
    ],
)
def test_a_wrong_setting_fails_before_any_work_and_is_named(project, where, value, stage, message):
    before = read_outputs(project)
    set_param(where, value)(project)
    repro = project.repro(fails=True)
    assert message in repro.output
    assert "Traceback" not in repro.output
    assert len(repro.ran) == 1, repro.output
    assert repro.ran.pop().startswith(stage)
    check_recovery(project, before)


def test_a_single_member_has_nothing_to_stack(project):
    label, member = next(iter(project.read_params()["members"].items()))
    set_param("members", {label: member})(project)
    set_param("stacking.meta_models", {})(project)
    assert project.stages() - COMPARE == {"prepare"} | rebuilt(label)
    repro = project.repro()
    assert repro.ran <= COMPARE, repro.output
