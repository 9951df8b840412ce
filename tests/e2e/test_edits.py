"""What `dvc repro` re-runs after an edit: real DVC and a real `check`, the other stages stood in for (`stub_stage.py`).

One clone takes all edits one after the other, so that the run-cache serves the later ones. What is stood in for is as
if every edit of code changed its results; where results stay the same, DVC stops after the stages that import the code.
"""

import re
import shutil
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pytest
import yaml

from .clone import Clone, Params, Repro, clone_working_tree, draw_photo, draw_photos, set_param, stand_in_for_stages
from .stub_stage import KEPT_CODE

PHOTOS = "data/raw/photos"
PARAMS = """
backend: tensorflow
fetch: {digits: {kind: digits}}
data: {images: data/raw/photos}
backbone: {}
training: {epochs: 1}
members: {a: {backbone: MobileNet}, b: {backbone: MobileNetV2}}
stacking: {}
meta_models: {ensemble: {}}
ensemble_check: {}
inference: {}
"""

NOTHING: set[str] = set()
CHECK = {"check"}
SCORES = {"evaluate_ensemble@ensemble", "compare"}
ENSEMBLE = {"stack@ensemble"} | SCORES
# The files of a member that went must be swept out of the folders that these read, so they run; they give what they
# gave before, so nothing after them runs.
SWEEP = {"stack@ensemble", "compare"}


def evaluated(*labels: str) -> set[str]:
    return {f"evaluate@{label}" for label in labels}


def retrained(*labels: str) -> set[str]:
    return {f"train@{label}" for label in labels} | evaluated(*labels)


def rebuilt(*labels: str) -> set[str]:
    return {f"embed@{label}" for label in labels} | retrained(*labels)


BOTH_RETRAINED = retrained("a", "b") | ENSEMBLE
BOTH_REBUILT = rebuilt("a", "b") | ENSEMBLE
FROM_PHOTOS = {"prepare"} | BOTH_REBUILT


class Edit(NamedTuple):
    """An edit of the project, and the stages that the next `dvc repro` has to run: these and no other."""

    name: str
    apply: Callable[[Clone], None]
    runs: set[str]


def change_nothing(project: Clone) -> None:
    pass


def set_members(**members: str) -> Callable[[Clone], None]:
    """Set the whole mapping, in this order: the member of each label as YAML."""
    return set_param("members", {label: yaml.safe_load(text) for label, text in members.items()})


def replace(path: str, old: str, new: str) -> Callable[[Clone], None]:
    """Replace, once, what the regular expression `old` finds in a file."""

    def apply(project: Clone) -> None:
        file = project.path / path
        text, count = re.subn(old, new, file.read_text(encoding="utf-8"), count=1)
        assert count == 1
        file.write_text(text, encoding="utf-8")

    return apply


def add_comment(path: str) -> Callable[[Clone], None]:
    return replace(path, r"\Z", "\n\n# a remark\n")


def edit_docstring(path: str) -> Callable[[Clone], None]:
    return replace(path, r'\A"""', '"""Better said: ')


def edit_code(path: str) -> Callable[[Clone], None]:
    """Change what a module does; each call in another way."""
    numbers.append(len(numbers))
    return replace(path, r"\Z", f"\n\ndef changed_{len(numbers)}() -> None:\n    pass\n")


numbers: list[int] = []


def keep_results(edit: Callable[[Clone], None]) -> Callable[[Clone], None]:
    """Make an edit of code after which the stages give what they gave before."""

    def apply(project: Clone) -> None:
        kept = project.path.parent / "kept_code"
        shutil.copytree(project.path / "data/code", kept)
        project.environment[KEPT_CODE] = str(kept)
        edit(project)

    return apply


def change_results(edit: Callable[[Clone], None]) -> Callable[[Clone], None]:
    """Make an edit after which code counts again."""

    def apply(project: Clone) -> None:
        del project.environment[KEPT_CODE]
        edit(project)

    return apply


def upgrade_minor(package: str) -> Callable[[Clone], None]:
    return replace("requirements.lock", rf"(?m)^({package}==\d+)\.\d+", r"\1.99")


def upgrade_patch(package: str) -> Callable[[Clone], None]:
    return replace("requirements.lock", rf"(?m)^({package}==\d+\.\d+)\.\d+", r"\1.99")


def add_photo(project: Clone) -> None:
    draw_photo(project.path / PHOTOS / "left/one_more.png", 0, np.random.default_rng(2))


def add_stray_member(project: Clone) -> None:
    (project.path / "models/members/backup.h5").write_bytes(b"a user's own")


def delete_lock_and_outputs(project: Clone) -> None:
    (project.path / "dvc.lock").unlink()
    for name in ("data/arrays", "data/code", "data/features", "data/predictions", "models/members", "metrics", "plots"):
        shutil.rmtree(project.path / name)


A = "{backbone: MobileNet}"
B = "{backbone: MobileNetV2}"
C = "{backbone: MobileNetV3Small}"

# fmt: off
EDITS = [
    Edit("first_run",             change_nothing,                                      CHECK | {"fetch@digits"} | FROM_PHOTOS),
    Edit("nothing_changed",       change_nothing,                                      NOTHING),
    # members and ensembles
    Edit("member_swapped",        set_param("members.b.backbone", "MobileNetV3Small"), CHECK | rebuilt("b") | ENSEMBLE),
    Edit("member_swapped_back",   set_param("members.b.backbone", "MobileNetV2"),      NOTHING),
    Edit("member_added",          set_members(a=A, b=B, c=C),                          CHECK | rebuilt("c") | ENSEMBLE),
    Edit("members_reordered",     set_members(c=C, b=B, a=A),                          NOTHING),
    Edit("member_removed",        set_members(a=A, b=B),                               SWEEP),
    Edit("label_swapped",         set_members(a=A, c=C),                               CHECK | ENSEMBLE),
    Edit("label_swapped_back",    set_members(a=A, b=B),                               SWEEP),
    Edit("member_renamed",        set_members(a=A, z=B),                               CHECK | rebuilt("z") | ENSEMBLE),
    Edit("member_renamed_back",   set_members(a=A, b=B),                               SWEEP),
    Edit("ensemble_added",        set_param("meta_models.second", {"hidden": [20]}),   CHECK | {"stack@second", "evaluate_ensemble@second", "compare"}),
    Edit("ensemble_removed",      set_param("meta_models", {"ensemble": {}}),          {"compare"}),
    Edit("no_ensemble",           set_param("meta_models", {}),                        CHECK | {"compare"}),
    Edit("ensemble_again",        set_param("meta_models", {"ensemble": {}}),          NOTHING),
    Edit("users_own_file",        add_stray_member,                                    SWEEP),
    Edit("lock_deleted",          delete_lock_and_outputs,                             NOTHING),
    # other settings
    Edit("epochs_of_a_member",    set_param("members.a.training", {"epochs": 2}),      CHECK | retrained("a") | ENSEMBLE),
    Edit("head_of_a_member",      set_param("members.a.head", {"hidden": [5]}),        CHECK | retrained("a") | ENSEMBLE),
    Edit("shared_training",       set_param("training.epochs", 3),                     CHECK | BOTH_RETRAINED),
    Edit("width_of_meta_model",   set_param("meta_models.ensemble.hidden", [6]),       CHECK | ENSEMBLE),
    Edit("ensemble_check",        set_param("ensemble_check.photos", 10),              CHECK | ENSEMBLE),
    Edit("backend",               set_param("backend", "jax"),                         CHECK | BOTH_REBUILT),
    Edit("seed_of_splits",        set_param("data.seed", 1),                           CHECK | FROM_PHOTOS),
    Edit("photo_added",           add_photo,                                           FROM_PHOTOS),
    # code and packages
    Edit("comment",               add_comment("stacker/artifacts/errors.py"),          CHECK),
    Edit("docstring",             edit_docstring("stacker/training/fitting.py"),       CHECK),
    Edit("augmentation",          edit_code("stacker/training/augmentation.py"),       CHECK | BOTH_RETRAINED),
    Edit("reports",               edit_code("stacker/scoring/reports.py"),             CHECK | evaluated("a", "b") | SCORES),
    Edit("optimizer_name",        replace("stacker/settings/training.py", '"lion"', '"lion", "adagrad"'), CHECK | BOTH_RETRAINED),
    Edit("other_package",         upgrade_minor("tqdm"),                               CHECK),
    Edit("openvino_patch",        upgrade_patch("openvino"),                           CHECK),
    Edit("openvino_minor",        upgrade_minor("openvino"),                           CHECK | BOTH_REBUILT),
    Edit("decoding_same_results", keep_results(edit_code("stacker/photos/decoding.py")), CHECK | {"prepare"}),
    Edit("decoding",              change_results(edit_code("stacker/photos/decoding.py")), CHECK | FROM_PHOTOS),
    Edit("opencv_minor",          upgrade_minor("opencv-python-headless"),             CHECK | FROM_PHOTOS),
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
            self.left = remaining
        return self.repros[name]


@pytest.fixture(scope="module")
def walk(tmp_path_factory) -> Walk:
    project = clone_working_tree(tmp_path_factory.mktemp("edits") / "project")
    stand_in_for_stages(project)
    (project.path / "params.yaml").write_text(PARAMS, encoding="utf-8")
    draw_photos(project.path / PHOTOS, ["left", "right"], 3)
    project.dvc("add", PHOTOS)
    return Walk(project)


@pytest.mark.parametrize("edit", EDITS, ids=[edit.name for edit in EDITS])
def test_an_edit_runs_these_stages_and_no_other(walk, edit):
    repro = walk.reach(edit.name)
    assert repro.ran == edit.runs, repro.output
