"""dvc.yaml against the code and the params files: DVC does not see what a stage reads and writes."""

import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import small_settings, write_noise_folders, write_params

from stacker.artifacts.fused_members import write_fused_members
from stacker.settings.fusing import choose_fused
from stacker.settings.whole import Settings, load_settings

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "dvc.yaml").read_text(encoding="utf-8")
PIPELINE = yaml.safe_load(TEXT)["stages"]
PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
PARAMS_FILES = [ROOT / "params.yaml", *PROFILES]
FUSED = "data/code/fused.json"  # what `check` says to `fuse` of the settings, no code
WORKING = [stage for stage in PIPELINE if stage != "check"]


def unfold(stage: str) -> dict[str, Any]:
    """What stands under `do`, or the stage itself."""
    return PIPELINE[stage].get("do", PIPELINE[stage])


def list_paths(stage: str, *sections: str) -> list[str]:
    entries = [entry for section in sections for entry in unfold(stage).get(section, [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


def find_script(stage: str) -> str:
    return re.match(r"python -m stages\.(\w+)", unfold(stage)["cmd"])[1]


@pytest.mark.parametrize("stage", WORKING)
def test_the_one_code_dep_of_a_stage_is_what_check_writes_for_its_script(stage):
    script = find_script(stage)

    code = [
        path
        for path in list_paths(stage, "deps")
        if path.startswith("data/code/") and path != FUSED or path.endswith(".py")
    ]

    assert code == [f"data/code/{script}.txt"]
    assert (ROOT / f"stages/{script}.py").is_file()


def test_check_depends_on_all_code_and_on_the_whole_params_file():
    assert list_paths("check", "deps") == ["stages", "stacker", "requirements.lock"]
    assert unfold("check")["params"] == [{"params.yaml": None}]
    assert list_paths("check", "outs") == ["data/code"]


def test_every_script_has_a_stage():
    scripts = {path.stem for path in (ROOT / "stages").glob("*.py")} - {"__init__"}

    assert scripts == {find_script(stage) for stage in PIPELINE}


@pytest.mark.parametrize("stage", ["embed", "train", "stack", "fetch", "prepare"])
def test_what_costs_time_has_no_output_outside_the_cache(stage):
    entries = [entry for section in ("outs", "metrics", "plots") for entry in unfold(stage).get(section, [])]

    assert [entry for entry in entries if isinstance(entry, dict) and "cache" in next(iter(entry.values()))] == []


@pytest.mark.parametrize("path", PARAMS_FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("stage", WORKING)
def test_every_param_of_a_stage_is_in_every_params_file(stage, path):
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    document["cross_validation"] = {"outer": {}}  # empty in all files: it is asked for
    over = PIPELINE[stage].get("foreach", "")
    keys = look_up(document, over[2:-1]) if over else {"": None}

    for key in keys:
        for param in list_paths(stage, "params"):
            look_up(document, param.replace("${key}", key))  # a KeyError names what is missing


def look_up(document: dict[str, Any], dotted: str) -> Any:
    for key in dotted.split("."):
        document = document[key]
    return document


def test_every_block_of_the_settings_is_tracked_by_a_stage_other_than_check():
    tracked = {param.split(".")[0] for stage in WORKING for param in list_paths(stage, "params")}

    assert tracked == set(Settings.model_fields) - {"resources"}  # which changes no result


@pytest.mark.parametrize("path", PARAMS_FILES, ids=lambda path: path.name)
def test_every_params_file_is_valid(path, tmp_path):
    (tmp_path / "params.yaml").write_text(path.read_text(encoding="utf-8"), encoding="utf-8")

    assert load_settings(tmp_path / "params.yaml").members


@pytest.mark.parametrize(
    ("paths", "most"),
    [([ROOT / "dvc.yaml"], 180), ([ROOT / "params.yaml"], 30), (PROFILES, 40)],
    ids=["dvc", "params", "profiles"],
)
def test_what_a_newcomer_reads_is_short(paths, most):
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}

    assert {name: length for name, length in lengths.items() if length > most} == {}


class Watch:
    """Notes the files of a folder that this process opens for reading: the hook that Python calls at every open."""

    def __init__(self):
        self.folder: Path | None = None
        self.read: set[str] = set()
        sys.addaudithook(self._note)  # there is no way to take a hook away: without a folder it does nothing

    def _note(self, event: str, arguments: tuple) -> None:
        if event != "open" or self.folder is None or not isinstance(arguments[0], str | bytes | os.PathLike):
            return
        path = Path(os.path.abspath(os.fsdecode(arguments[0])))  # noqa: PTH100 - resolve() would open files
        written = isinstance(arguments[1], str) and "r" not in arguments[1]
        if path.is_relative_to(self.folder) and not written and path.is_file():
            self.read.add(path.relative_to(self.folder).as_posix())


UNSEEN = {"models/members"}  # HDF5 opens files past Python
# Read for scores where `fit_on: train` holds out no row; tests/stages/test_evaluate.py has that case.
OF_LEAKED = {"data/arrays/validation/groups.npy", "data/arrays/validation/labels.npy"}


@pytest.fixture(scope="module")
def watch() -> Watch:
    return Watch()


def snapshot(folder: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of every file: a stage replaces its files rather than writing into them."""
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_ino, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


def covers(paths: list[str], file: str) -> bool:
    return any(file == path or file.startswith(f"{path}/") for path in paths)


@pytest.mark.thorough
def test_a_stage_writes_its_outs_and_reads_its_deps_and_nothing_else(workspace, run_stage, watch):
    document = small_settings()
    document["fetch"] = {"digits": {"kind": "digits"}}
    document["members"] = {"first": {"backbone": "MobileNet"}, "second": {"backbone": "MobileNet"}}
    document["stacking"]["fit_on"] = "holdout"
    document["cross_validation"] = {"outer": {"folds": 2}}
    write_params(document)
    write_noise_folders(workspace / "photos", {"cat": 24, "dog": 24})
    (workspace / "data/code").mkdir(parents=True)
    write_fused_members(workspace / "data/code", choose_fused(load_settings()))
    calls: list[tuple[str, str, dict[str, bool]]] = [("fetch", "digits", {}), ("prepare", "", {})]
    calls += [(stage, label, {}) for stage in ("embed", "train", "evaluate") for label in document["members"]]
    calls += [("fuse", "", {}), ("stack", "ensemble", {}), ("evaluate_ensemble", "ensemble", {"ensemble": True})]
    calls += [("cross_validate", "outer", {}), ("compare", "", {}), ("audit", "", {})]
    assert {stage for stage, _, _ in calls} == set(WORKING)

    for stage, key, options in calls:
        before = snapshot(workspace)
        watch.folder, watch.read = workspace, set()
        run_stage(find_script(stage), *filter(None, [key]), **options)
        watch.folder = None
        outs = [path.replace("${key}", key) for path in list_paths(stage, "outs", "metrics", "plots")]
        deps = [path.replace("${key}", key).replace("${data.images}", "photos") for path in list_paths(stage, "deps")]
        written = {file for file, state in snapshot(workspace).items() if before.get(file) != state}
        assert [file for file in sorted(written) if not covers(outs, file)] == [], stage
        assert [out for out in outs if not any(covers([out], file) for file in written)] == [], stage
        reads = watch.read & set(before)
        assert [file for file in sorted(reads) if not covers([*deps, "params.yaml", *outs], file)] == [], stage
        unread = {dep for dep in deps if not any(covers([dep], file) for file in reads)}
        is_scoring = find_script(stage) in ("evaluate", "compare", "cross_validate")
        elsewhere = UNSEEN | OF_LEAKED if is_scoring else UNSEEN
        assert unread - elsewhere == {f"data/code/{find_script(stage)}.txt"}, (
            stage
        )  # `run_stage` reads it before `main`
        assert ("data/arrays/test/labels.npy" in reads) is is_scoring, stage
