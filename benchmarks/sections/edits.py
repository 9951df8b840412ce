"""What one edit costs against a full `dvc repro`, and what a run with nothing to do costs, in a temporary clone."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import ROOT
from benchmarks.photos import Bench
from benchmarks.project import make_params
from benchmarks.results import Result, Table
from benchmarks.sections.whole import choose_precision

TITLE = "What one edit costs"
Params = dict[str, Any]


def measure(bench: Bench) -> Result:
    """Seconds of `dvc repro`: full, with nothing to do, and after each kind of edit."""
    clone = make_clone(bench)
    full = time_repro(clone)
    idle = min(time_repro(clone) for _ in range(3))
    table = Table(["edit", "dvc repro, s", "share of a full run"], [["everything, from photos", full, "100 %"]])
    table.rows.append(["nothing to do", idle, f"{idle / full:.1%}"])
    original = read_params(clone)
    edits: dict[str, Callable[[Params], None]] = {
        "one head: its hidden layer": lambda p: p["members"]["mobilenet_v2"].update(head={"hidden": [16]}),
        "one member: another backbone": lambda p: p["members"]["mobilenet_v2"].update(backbone="MobileNet"),
        "the meta-model: its hidden layer": lambda p: p["meta_models"]["ensemble"].update(hidden=[4]),
        "all edits taken back": lambda p: p.update(original),
    }
    for name, edit in edits.items():
        params = read_params(clone)
        edit(params)
        write_params(clone, params)
        seconds = time_repro(clone)
        table.rows.append([name, seconds, f"{seconds / full:.1%}"])
    notes = [
        f"{bench.sizes[0]} px; the edits add up, one after the other; the last one is brought back from the cache."
    ]
    return Result(TITLE, notes, [table], [])


def make_clone(bench: Bench) -> Path:
    """A clone of this repository with the benchmark's photos, set up to run."""
    clone = bench.scratch / "clone"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    (clone / "dvc.lock").unlink(missing_ok=True)
    shutil.copytree(bench.photos, clone / "data" / "raw" / "photos")
    write_params(clone, make_params(bench, bench.sizes[0], choose_precision()))
    return clone


def read_params(clone: Path) -> Params:
    """The clone's params.yaml."""
    params: Params = yaml.safe_load((clone / "params.yaml").read_text(encoding="utf-8"))
    return params


def write_params(clone: Path, params: Params) -> None:
    """Write the clone's params.yaml."""
    (clone / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")


def time_repro(clone: Path) -> float:
    """Seconds of `dvc repro`, with this environment's Python for the stages."""
    binaries = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": os.pathsep.join([binaries, os.environ["PATH"]]), "TF_CPP_MIN_LOG_LEVEL": "2"}
    start = time.perf_counter()
    command = [sys.executable, "-m", "dvc", "repro", "-q"]
    done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"dvc repro failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return time.perf_counter() - start
