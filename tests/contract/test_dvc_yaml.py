"""dvc.yaml against the code: DVC does not follow imports, nor does it see what a stage reads and writes."""

import ast
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from helpers import small_settings, write_noise_folders, write_params
from stacker.settings.data_schema import Data
from stacker.settings.schema import Settings

from stacker.settings.reading import load_settings

ROOT = Path(__file__).parents[2]
PIPELINE = yaml.safe_load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
PROFILES = [ROOT / "params.yaml", *sorted((ROOT / "profiles").glob("*.yaml"))]


def find_imports(module: Path, found: set[str]) -> set[str]:
    """The project's own files that `module` imports, directly or not, itself included."""
    name = module.relative_to(ROOT).as_posix()
    if name in found:
        return found
    found.add(name)
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for imported in names:
            path = ROOT / f"{(imported or '').replace('.', '/')}.py"
            if path.is_file():
                find_imports(path, found)
    return found


def unfold(stage: str) -> dict[str, Any]:
    """What stands under `do`, or the stage itself."""
    return PIPELINE[stage].get("do", PIPELINE[stage])


def list_paths(stage: str, *sections: str) -> list[str]:
    entries = [entry for section in sections for entry in unfold(stage).get(section, [])]
    return [next(iter(entry)) if isinstance(entry, dict) else entry for entry in entries]


@pytest.mark.parametrize("stage", PIPELINE)
def test_the_deps_of_a_stage_are_the_modules_that_it_imports(stage):
    script = re.match(r"python -m stages\.(\w+)", unfold(stage)["cmd"])[1]

    listed = [path for path in list_paths(stage, "deps") if path.startswith("stages/")]

    expected = find_imports(ROOT / "stages" / f"{script}.py", {"stages/__init__.py"})
    assert sorted(listed) == sorted(expected)


def test_every_stage_script_has_a_stage():
    scripts = {path.stem for path in (ROOT / "stages").glob("*.py") if "def main(" in path.read_text(encoding="utf-8")}

    assert scripts == set(PIPELINE)


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.name)
@pytest.mark.parametrize("stage", PIPELINE)
def test_every_param_of_a_stage_is_in_params_yaml(stage, profile):
    document = yaml.safe_load(profile.read_text(encoding="utf-8"))
    over = PIPELINE[stage].get("foreach", "")
    keys = look_up(document, over[2:-1]) if over else {"": None}

    for key in keys:
        for param in list_paths(stage, "params"):
            look_up(document, param.replace("${key}", key))  # a KeyError names what is missing


def look_up(document: dict[str, Any], dotted: str) -> Any:
    for key in dotted.split("."):
        document = document[key]
    return document


def test_prepare_tracks_every_setting_of_data_but_fetch():
    assert set(list_paths("prepare", "params")) == {f"data.{name}" for name in Data.model_fields} - {"data.fetch"}


def test_all_sections_are_tracked_by_some_stage():
    tracked = {param.split(".")[0] for stage in PIPELINE for param in list_paths(stage, "params")}

    assert tracked == set(Settings.model_fields) | {"backbone", "training"}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda path: path.name)
def test_every_profile_is_valid(profile, tmp_path):
    text = re.sub(r"(weights: )(?!imagenet|null)[^\s,}]+", r"\1null", profile.read_text(encoding="utf-8"))
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")

    assert load_settings(tmp_path / "params.yaml").members


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


def test_a_stage_writes_its_outs_and_reads_its_deps_and_nothing_else(workspace, run_stage, watch):
    document = small_settings()
    document["data"]["fetch"] = {"digits": {"kind": "digits"}}
    document["members"] = {"first": {"backbone": "MobileNetV3Small"}, "second": {"backbone": "MobileNetV3Small"}}
    document["stacking"]["fit_on"] = "holdout"
    write_params(document)
    write_noise_folders(workspace / "photos", {"cat": 12, "dog": 12})
    calls = [("fetch", "digits"), ("prepare", "")]
    calls += [(stage, label) for stage in ("embed", "train", "evaluate") for label in document["members"]]
    calls += [("stack", "ensemble"), ("evaluate_ensemble", "ensemble")]

    for stage, key in calls:
        before = snapshot(workspace)
        watch.folder, watch.read = workspace, set()
        run_stage(stage, key)
        watch.folder = None
        outs = [path.replace("${key}", key) for path in list_paths(stage, "outs", "metrics", "plots")]
        deps = [path.replace("${key}", key) for path in list_paths(stage, "deps")] + ["params.yaml"]
        deps = [path.replace("${data.images}", "photos") for path in deps]
        written = {file for file, state in snapshot(workspace).items() if before.get(file) != state}
        assert [file for file in sorted(written) if not covers(outs, file)] == [], stage
        assert [out for out in outs if not any(covers([out], file) for file in written)] == [], stage
        reads = watch.read & set(before)
        assert [file for file in sorted(reads) if not covers(deps + outs, file)] == [], stage
