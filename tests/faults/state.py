"""What a run has left: its outputs, every other file, and processes."""

import hashlib
import os
import re
import time
from pathlib import Path
from typing import NamedTuple

import yaml
from e2e.clone import Clone

from stacker.artifacts.outputs import PARTIAL

from .disturbing import Started, time_stages
from .project import MARK

SOURCES = {
    ".git",
    "__pycache__",
    "benchmarks",
    "bin",
    "docs",
    "locks",
    "profiles",
    "stacker",
    "stages",
    "tests",
    "tools",
}
DATABASES = re.compile(r"^site_cache/.*/cache\.db(-shm|-wal)?$")  # of DVC, each with a journal that it keeps in order


class Reference(NamedTuple):
    """The run that nothing disturbed.

    Attributes:
        outputs: a hash of `dvc.lock` and of each file that a stage wrote, by path.
        files: all files that are there then, by path from the folder that holds the project.
        outs: what each stage writes, in the order in which they ran.
        seconds: how long each stage took.
    """

    outputs: dict[str, str]
    files: set[str]
    outs: dict[str, list[str]]
    seconds: dict[str, float]


def run_undisturbed(clone: Clone) -> Reference:
    """Run the pipeline and keep what it gives."""
    started = Started(clone, "dvc", "repro")
    assert started.finish() == 0, started.output
    lock = yaml.safe_load((clone.path / "dvc.lock").read_text(encoding="utf-8"))
    seconds = time_stages(started)
    outs = {stage: [out["path"] for out in lock["stages"][stage].get("outs", [])] for stage in seconds}
    return Reference(read_outputs(clone), list_everything(clone), outs, seconds)


def read_outputs(clone: Clone) -> dict[str, str]:
    paths = {"dvc.lock", *clone.list_files()}
    return {path: hashlib.sha256((clone.path / path).read_bytes()).hexdigest() for path in sorted(paths)}


def list_everything(clone: Clone) -> set[str]:
    """All files beside the sources: the workspace, DVC's cache and temporary files, the folder for temporary files."""
    top = clone.path.parent
    found = set()
    for folder, names, files in os.walk(top):
        names[:] = [name for name in names if name not in SOURCES]
        found |= {(Path(folder) / name).relative_to(top).as_posix() for name in files}
        found |= {f"{Path(folder, name).relative_to(top)}/" for name in names if name.startswith(PARTIAL)}
    return {path for path in found if not DATABASES.match(path)}


def find_differences(clone: Clone, reference: Reference) -> list[str]:
    """What is not as after the run that nothing disturbed: outputs, and files too many or too few."""
    outputs, files = read_outputs(clone), list_everything(clone)
    changed = [
        f"other bytes: {path}"
        for path in sorted(outputs.keys() | reference.outputs.keys())
        if outputs.get(path) != reference.outputs.get(path)
    ]
    return [
        *changed,
        *(f"left behind: {path}" for path in sorted(files - reference.files)),
        *(f"missing: {path}" for path in sorted(reference.files - files)),
    ]


def find_processes(clone: Clone) -> list[str]:
    """The command lines of all processes that were started in the project and still run."""
    mark = f"{MARK}={clone.environment[MARK]}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except OSError:  # it has ended meanwhile
            continue
    return [command for command in found if command]


def wait_for_processes(clone: Clone, seconds: float = 10) -> list[str]:
    """The processes that still run after so long."""
    deadline = time.monotonic() + seconds
    while (found := find_processes(clone)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found
