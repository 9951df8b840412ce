"""What the stage `check` would write into `data/code` now, beside what it wrote before: it need not run for that."""

import json
import tempfile
from pathlib import Path
from typing import Any

from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.obj import HashFile
from dvc_data.hashfile.tree import Tree

from stacker.artifacts.code_files import CODE
from stacker.checks.stage_code import write_stage_code
from stacker.planning.code_changes import describe_code_changes, find_code_changes, merge_code_changes
from stacker.planning.differences import list_differences
from stacker.planning.results import build_content
from stacker.settings.whole import Settings

UNCHANGED = "in no way that other stages see (a comment, layout, a package that makes no number)"


class NewCode:
    """Today's `data/code`, kept in a temporary folder: it is a pure function of the code and the settings."""

    def __init__(self, settings: Settings):
        with tempfile.TemporaryDirectory() as folder:
            write_stage_code(Path(folder), settings)
            self._texts = {path.name: path.read_text(encoding="utf-8") for path in Path(folder).iterdir()}

    def build_content(self, out: Any) -> HashFile:
        """As DVC hashes it; `out` is the output `data/code`."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in self._texts.items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
            return build_content(out, folder)[1]

    def describe_dependency(self, dep: Any) -> list[str]:
        """How a file of `data/code` that a stage depends on differs from what the stage last ran with."""
        path = Path(dep.def_path)
        old, new = _read_cached(dep, dep.hash_info), self._texts.get(path.name)
        if old is None or new is None:
            return [f"{path} changed, and what it was before is no longer in DVC's cache"]
        if path.suffix == ".json":
            return [f"{path}: {line}" for line in list_differences(json.loads(old), json.loads(new))]
        return list(describe_code_changes(find_code_changes(old, new)))

    def describe_output(self, out: Any) -> list[str]:
        """How all of `data/code` differs from what `check` last wrote, whichever stages it concerns."""
        recorded = out.get_obj()
        if not isinstance(recorded, Tree):
            return []
        old = {key[-1]: _read_cached(out, hash_info) for key, _, hash_info in recorded}
        pairs = [(old.get(name) or "", new) for name, new in self._texts.items() if name.endswith(".txt")]
        return list(describe_code_changes(merge_code_changes(find_code_changes(*pair) for pair in pairs))) or [
            UNCHANGED
        ]


def is_code(entry: Any) -> bool:
    """Is a dependency one of the files in `data/code`?"""
    return Path(entry.def_path).parent == CODE


def writes_code(stage: Any) -> bool:
    """Is it the stage `check`?"""
    return any(Path(out.def_path) == CODE for out in stage.outs)


def _read_cached(entry: Any, hash_info: HashInfo | None) -> str | None:
    """The text that had this hash; None where DVC's cache has it no more."""
    if not hash_info:
        return None
    try:
        return Path(entry.cache.oid_to_path(hash_info.value)).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
