"""What `dvc repro` re-runs after an edit: real DVC and a real `check`, the other stages stood in for (`stub_stage.py`).

One clone takes all edits one after the other, so that the run-cache serves the later ones. What is stood in for is as
if every edit of code changed its results; where results stay the same, DVC stops after the stages that import the code.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import yaml

from .clone import (
    Clone,
    Plan,
    Repro,
    clone_again,
    clone_working_tree,
    draw_photo,
    draw_photos,
    list_files_of,
    set_param,
    stand_in_for_stages,
)
from .scores import check_metrics_diff
from .stub_stage import KEPT_CODE

pytestmark = pytest.mark.thorough

PHOTOS = "data/raw/photos"
OWN_FILE = "models/members/backup.h5"
PARAMS = """
backend: tensorflow
fetch: {digits: {kind: digits}}
data: {images: data/raw/photos}
backbone: {}
training: {solver: minibatch, epochs: 1}
members: {a: {backbone: MobileNet}, b: {backbone: MobileNetV2}}
stacking: {}
meta_models: {ensemble: {}}
ensemble_check: {}
inference: {}
cross_validation: {}
"""

NOTHING: set[str] = set()
CHECK = {"check"}
STACK = {"stack@ensemble"}
FUSE = {"fuse"}
FETCH = {"fetch@digits"}
SCORES = {"evaluate_ensemble@ensemble", "compare"}
ENSEMBLE = STACK | SCORES
SECOND = {"stack@second", "evaluate_ensemble@second", "compare"}
AUDIT = {"audit"}  # of the photos, by what members say: no ensemble has a say


def evaluated(*labels: str) -> set[str]:
    return {f"evaluate@{label}" for label in labels}


def retrained(*labels: str) -> set[str]:
    """Stages from `train` on, of these members and of the ensemble."""
    return {f"train@{label}" for label in labels} | evaluated(*labels) | ENSEMBLE | AUDIT


def rebuilt(*labels: str) -> set[str]:
    """Stages from `embed` on, of these members and of the ensemble."""
    return {f"embed@{label}" for label in labels} | FUSE | retrained(*labels)


def everything(*labels: str) -> set[str]:
    """Stages from `prepare` on."""
    return {"prepare"} | rebuilt(*labels)


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


def rename_member(old: str, new: str) -> Callable[[Clone], None]:
    def apply(project: Clone) -> None:
        members = project.read_params()["members"]
        set_param("members", {new if label == old else label: member for label, member in members.items()})(project)

    return apply


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


def add_function(path: str) -> Callable[[Clone], None]:
    return replace(path, r"\Z", "\n\ndef give_one() -> int:\n    return 1\n")


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


def add_own_file(project: Clone) -> None:
    (project.path / OWN_FILE).write_bytes(b"a user's own")


def delete_own_file_and_lock_and_outputs(project: Clone) -> None:
    (project.path / "dvc.lock").unlink()
    for name in ("data/arrays", "data/code", "data/features", "data/predictions", "models/members", "metrics", "plots"):
        shutil.rmtree(project.path / name)


A = "{backbone: MobileNet}"
B = "{backbone: MobileNetV2}"
C = "{backbone: MobileNetV3Small}"
LION = '"lion"'

# fmt: off
EDITS = [  # what was there before comes from the run-cache, but for the scores, which go into Git
    Edit("first_run",            change_nothing,                              CHECK | FETCH | everything("a", "b")),
    Edit("nothing_changed",      change_nothing,                                         NOTHING),
    # members and ensembles
    Edit("member_swapped",       set_param("members.b.backbone", "MobileNetV3Small"),    CHECK | rebuilt("b")),
    Edit("member_swapped_back",  set_param("members.b.backbone", "MobileNetV2"), evaluated("b") | SCORES | AUDIT),
    Edit("member_added",         set_members(a=A, b=B, c=C),                             CHECK | rebuilt("c")),
    Edit("members_reordered",    set_members(c=C, b=B, a=A),                             NOTHING),
    # the member's files must be swept out of the folders that these read; they give what they gave before
    Edit("member_removed",       set_members(a=A, b=B),                                  FUSE | ENSEMBLE | AUDIT),
    Edit("label_swapped",        set_members(a=A, c=C),               CHECK | FUSE | evaluated("c") | ENSEMBLE | AUDIT),
    Edit("ensemble_added",       set_param("meta_models.second", {}),                    CHECK | SECOND),
    Edit("ensemble_removed",     set_param("meta_models", {"ensemble": {}}),             {"compare"}),
    Edit("users_own_file",       add_own_file,                                           STACK),
    Edit("lock_deleted",         delete_own_file_and_lock_and_outputs,   evaluated("a", "c") | SCORES | AUDIT),
    # other settings
    Edit("epochs_of_a_member",   set_param("members.a.training", {"epochs": 2}),         CHECK | retrained("a")),
    Edit("head_of_a_member",     set_param("members.a.head", {"hidden": [5]}),           CHECK | retrained("a")),
    Edit("shared_training",      set_param("training.epochs", 3),                        CHECK | retrained("a", "c")),
    Edit("width_of_meta_model",  set_param("meta_models.ensemble.hidden", [6]),          CHECK | ENSEMBLE),
    Edit("calibration",          set_param("meta_models.ensemble.calibration", "temperature"), CHECK | ENSEMBLE),
    Edit("ensemble_check",       set_param("ensemble_check.photos", 10),                 CHECK | ENSEMBLE),
    Edit("backend",              set_param("backend", "jax"),                            CHECK | rebuilt("a", "c")),
    Edit("seed_of_splits",       set_param("data.seed", 1),                              CHECK | everything("a", "c")),
    Edit("photo_added",          add_photo,                                              everything("a", "c")),
    # code and packages
    Edit("comment",              add_comment("stacker/artifacts/errors.py"),             CHECK),
    Edit("docstring",            edit_docstring("stacker/training/fitting.py"),          CHECK),
    Edit("augmentation",         add_function("stacker/training/augmentation.py"),       CHECK | retrained("a", "c")),
    Edit("reports",           add_function("stacker/scoring/reports.py"), CHECK | evaluated("a", "c") | SCORES | AUDIT),
    Edit("optimizer_name",       replace("stacker/settings/training.py", LION, f'{LION}, "ftrl"'), CHECK | retrained("a", "c")),  # noqa: E501
    Edit("package_of_no_number", upgrade_minor("tqdm"),                                  CHECK),
    Edit("openvino_patch",       upgrade_patch("openvino"),                              CHECK),
    Edit("openvino_minor",       upgrade_minor("openvino"),                              CHECK | rebuilt("a", "c")),
    Edit("decoding_same_arrays", keep_results(add_function("stacker/photos/decoding.py")), CHECK | {"prepare"}),
    Edit("opencv_minor",         change_results(upgrade_minor(r"opencv-python[a-z-]*")), CHECK | everything("a", "c")),
    # what is last has fewer stages
    Edit("member_renamed",       rename_member("c", "z"),                                CHECK | rebuilt("z")),
    Edit("no_ensemble",          set_param("meta_models", {}),                           CHECK | {"compare"}),
    Edit("member_alone",         set_members(a=A),         CHECK | FUSE | AUDIT | {"train@a", "evaluate@a", "compare"}),
]
# fmt: on


class Walk:
    """Makes the edits in their order, each once, as far as a test asks; every state becomes a branch."""

    def __init__(self, project: Clone):
        self.project = project
        self.plans: dict[str, Plan] = {}  # of `stacker plan`, just before `dvc repro`
        self.repros: dict[str, Repro] = {}
        self.listings: dict[str, set[str]] = {}
        self.left = list(EDITS)

    def reach(self, name: str) -> Repro:
        while name not in self.repros:
            assert self.left, "an earlier edit failed"
            edit = self.left[0]
            remaining, self.left = self.left[1:], []  # a failure ends the walk: the next edits would build on it
            edit.apply(self.project)
            self.plans[edit.name] = self.project.plan()
            self.repros[edit.name] = self.project.repro()
            self.listings[edit.name] = self.project.list_files()
            self.project.commit(edit.name)
            self.project.git("branch", edit.name)
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


@pytest.mark.parametrize("edit", [edit.name for edit in EDITS])
def test_plan_says_beforehand_what_the_edit_runs(walk, edit):
    repro, plan = walk.reach(edit), walk.plans[edit]
    runs, restored = (
        {stage for stage, found in plan.outcomes.items() if found == word} for word in ("runs", "from the run-cache")
    )
    assert runs - plan.waiting <= repro.ran, plan.output
    assert runs <= repro.ran | repro.restored, plan.output
    assert restored <= repro.restored, plan.output
    assert repro.ran | repro.restored <= set(plan.outcomes), plan.output
    assert max(map(len, plan.output.splitlines())) <= 100


PLANS = {  # how long `check` took hangs on the machine: N
    "nothing_changed": "Nothing to do: all 14 stages are up to date.\n",
    "width_of_meta_model": """\
check: runs, about N s
    meta_models.ensemble.hidden: not set -> [6]
stack@ensemble: runs, not yet timed
    meta_models.ensemble.hidden: not set -> [6]
evaluate_ensemble@ensemble: may run, not yet timed
    depends on the result of stack@ensemble
compare: runs, not yet timed
    meta_models.ensemble.hidden: not set -> [6]
    depends on the result of stack@ensemble

Stages: 3 run, 1 may run, about N s, 3 not yet timed; the other 10 stay as they are.
May run: DVC leaves such a stage alone where all that it depends on comes out as before.
A stage that runs and depends on a result may still come from the run-cache, once that is known.
""",
    "member_swapped_back": """\
check: from the run-cache
    members.b.backbone: MobileNetV3Small -> MobileNetV2
embed@b: from the run-cache
    members.b.backbone: MobileNetV3Small -> MobileNetV2
train@b: from the run-cache
    members.b.backbone: MobileNetV3Small -> MobileNetV2
    data/features/b changed (files: 4 changed)
fuse: from the run-cache
    data/features changed
stack@ensemble: from the run-cache
    members.b.backbone: MobileNetV3Small -> MobileNetV2
    data/predictions/members changed
    models/members changed
evaluate@b: runs, not yet timed
    data/predictions/members/b.npz changed
evaluate_ensemble@ensemble: runs, not yet timed
    data/predictions/ensembles/ensemble.npz changed
compare: runs, not yet timed
    members.b.backbone: MobileNetV3Small -> MobileNetV2
    data/predictions changed
    plots/curves changed
audit: runs, not yet timed
    members.b.backbone: MobileNetV3Small -> MobileNetV2
    data/predictions/members changed

Stages: 4 run, 5 from the run-cache, 4 not yet timed; the other 5 stay as they are.
""",
    "member_removed": """\
check: from the run-cache
    members.c: {backbone: MobileNetV3Small} -> not set
fuse: runs, not yet timed
    data/code/fused.json: members: [a, b, c] -> [a, b]
stack@ensemble: runs, not yet timed
    members.c: {backbone: MobileNetV3Small} -> not set
evaluate_ensemble@ensemble: may run, not yet timed
    depends on the result of stack@ensemble
compare: runs, not yet timed
    members.c: {backbone: MobileNetV3Small} -> not set
    depends on the results of fuse, stack@ensemble
audit: runs, not yet timed
    members.c: {backbone: MobileNetV3Small} -> not set

Stages: 4 run, 1 may run, 1 from the run-cache, 5 not yet timed; the other 8 stay as they are.
May run: DVC leaves such a stage alone where all that it depends on comes out as before.
A stage that runs and depends on a result may still come from the run-cache, once that is known.
No longer stages, while files of theirs are still here: embed@c, train@c, evaluate@c. `compare`
removes what members and ensembles of earlier settings left behind; a file of others is yours to
delete.
""",
    "comment": """\
check: runs, about N s
    changed: stacker
    in no way that other stages see (a comment, layout, a package that makes no number)

Stages: 1 runs, about N s; the other 13 stay as they are.
""",
}
LINES = {  # a stage of an edit's plan: all that is said of it
    ("member_added", "embed@c"): ["    new: dvc.lock does not have it"],
    ("epochs_of_a_member", "train@a"): ["    members.a.training: not set -> {epochs: 2}"],
    ("shared_training", "train@c"): ["    training.epochs: 1 -> 3"],
    ("photo_added", "data/raw/photos.dvc"): ["    data/raw/photos changed"],
    ("photo_added", "prepare"): ["    data/raw/photos changed (files: 1 added)"],
    ("photo_added", "train@a"): ["    depends on the result of embed@a"],
    ("users_own_file", "compare"): ["    depends on the result of stack@ensemble"],
    ("augmentation", "train@a"): ["    code changed: stacker.training.augmentation"],
    ("augmentation", "check"): ["    changed: stacker", "    code changed: stacker.training.augmentation"],
    ("openvino_minor", "embed@c"): ["    package openvino: 2026.4 -> 2026.99"],
    ("label_swapped", "train@c"): [
        "    models/members/c.h5 is missing",
        "    data/predictions/members/c.npz is missing",
        "    plots/curves/c.csv is missing",
    ],
}


@pytest.mark.parametrize("edit", PLANS)
def test_plan_reads_in_one_look(walk, edit):
    walk.reach(edit)
    assert re.sub(r"about \d+ s", "about N s", walk.plans[edit].output) == PLANS[edit]


@pytest.mark.parametrize(("edit", "stage"), LINES)
def test_plan_says_why(walk, edit, stage):
    walk.reach(edit)
    assert walk.plans[edit].lines[stage] == LINES[edit, stage]


def test_what_was_there_before_comes_from_the_run_cache(walk):
    assert walk.reach("member_swapped_back").restored == CHECK | rebuilt("b") - evaluated("b") - SCORES - AUDIT
    assert (
        walk.reach("lock_deleted").restored
        == CHECK | FETCH | everything("a", "c") - evaluated("a", "c") - SCORES - AUDIT
    )


def test_a_mapping_in_another_order_is_no_change(walk):
    assert walk.reach("members_reordered").restored == set()


@pytest.mark.parametrize(("edit", "member"), [("member_removed", "c"), ("label_swapped", "b"), ("member_renamed", "c")])
def test_what_a_member_left_behind_is_gone_with_a_line_that_says_so(walk, edit, member):
    output = walk.reach(edit).output
    files = list_files_of(member)
    assert [path for path in files if f"removed {path}: " not in output] == []
    assert find_files_of(walk.listings[edit], member) == set()


@pytest.mark.parametrize(("edit", "ensemble"), [("ensemble_removed", "second"), ("no_ensemble", "ensemble")])
def test_what_an_ensemble_left_behind_is_gone_with_a_line_that_says_so(walk, edit, ensemble):
    output = walk.reach(edit).output
    for path in (f"models/{ensemble}.h5", f"metrics/{ensemble}.json", f"data/predictions/ensembles/{ensemble}.npz"):
        assert f"removed {path}: " in output
    assert find_files_of(walk.listings[edit], ensemble) == set()


def find_files_of(listing: set[str], label: str) -> set[str]:
    return {path for path in listing if label in (Path(path).stem, Path(path).parent.name)}


def test_a_users_own_file_is_named_and_stays(walk):
    output = walk.reach("users_own_file").output
    assert f"{OWN_FILE} is not the pipeline's: it stays" in output
    assert OWN_FILE in walk.listings["users_own_file"]


@pytest.mark.parametrize("state", ["member_removed", "no_ensemble"])
def test_a_fresh_clone_agrees_with_the_lock(walk, tmp_path, state):
    walk.reach(state)
    fresh = clone_again(walk.project, tmp_path / "fresh", state)
    fresh.dvc("checkout")
    assert json.loads(fresh.dvc("status", "--json")) == {}


def test_metrics_diff_names_the_models_and_the_change(walk):
    walk.reach("label_swapped")
    check_metrics_diff(walk.project, "member_removed", "label_swapped", left="b", stayed="a", arrived="c")


def test_wrong_settings_stop_the_run_before_any_work_and_are_named(walk, tmp_path):
    walk.reach("first_run")
    project = clone_again(walk.project, tmp_path / "wrong", "first_run")
    for where, value in {
        "trainning": {},
        "data.image_sise": 96,
        "data.seed": -1,
        "training.epoch": 3,
        "meta_models.ensemble.hidden": "ten",
        "members.q": {"backbone": "MobilNetV2"},
    }.items():
        set_param(where, value)(project)
    repro = project.repro(fails=True)
    assert repro.ran == CHECK
    assert "6 wrong settings in params.yaml" in repro.output
    for message in ("trainning", "data.image_sise", "training.epoch"):
        assert f"{message}: there is no such setting" in repro.output
    assert "data.seed: " in repro.output
    assert "meta_models.ensemble.hidden: " in repro.output
    assert "Near matches: MobileNetV2" in repro.output
    assert "Traceback" not in repro.output
