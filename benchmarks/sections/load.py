"""How time and memory of every stage grow with the photos, where classes are many."""

from typing import Any

import numpy as np

from benchmarks.measure import ROOT, ChildRun
from benchmarks.photos import Bench
from benchmarks.project import make_params, make_project, run_stage
from benchmarks.results import Chart, Result, Table
from benchmarks.tiny_photos import SIDE, write_tiny_photos

TITLE = "Load: many photos in many classes"
MEMBERS = {"small": "MobileNetV3Small", "medium": "MobileNetV2"}
FULL = ((10_000, 20_000, 40_000, 100_000), 1000)  # photos, and classes
SMALL = ((1_000, 2_000), 100)
COMBINING = ("fuse", "stack ensemble", "evaluate ensemble --ensemble", "compare", "audit")


def measure(bench: Bench) -> Result:
    """Processor seconds and memory of each stage, by number of photos, and the exponent that they grow with."""
    counts, classes = FULL if bench.is_full else SMALL
    runs = [run_load(bench, count, classes) for count in counts]
    columns = [f"{count:,} photos" for count in counts]
    seconds = Table(["processor seconds of", *columns, "exponent"], [])
    memory = Table(["MiB of", *columns], [])
    for stage in list_stages():
        spent = [run[stage].cpu_seconds for run in runs]
        seconds.rows.append([stage, *(round(value, 1) for value in spent), f"{fit_exponent(counts, spent):.2f}"])
        memory.rows.append([stage, *(round(run[stage].peak_mib) for run in runs)])
    series = {stage: (list(counts), [run[stage].cpu_seconds for run in runs]) for stage in list_stages()}
    notes = [
        f"Generated photos of {SIDE} px in {classes:,} classes, near duplicates on; members {', '.join(MEMBERS)} "
        "with random weights, heads by mini-batches, 4 epochs, 3 folds. Each stage runs in a process of its own, "
        "start-up included: the exponent of time, by least squares over the logarithms, is below 1 where that weighs, "
        "and would be 2 of a step that compares each photo with each. Memory is anonymous; the pages of memory maps "
        "are not in it.",
    ]
    return Result(TITLE, notes, [seconds, memory], [Chart("Load", "photos", "processor seconds", series)])


def run_load(bench: Bench, count: int, classes: int) -> dict[str, ChildRun]:
    """All stages at one number of photos."""
    photos = bench.scratch / f"load-photos-{count}"
    write_tiny_photos(photos, count, classes)
    folder = make_project(bench.scratch / f"load-{count}", photos, make_load_params(bench))
    for name in ("stages", "stacker", "requirements.lock"):  # `check` reads them
        (folder / name).symlink_to(ROOT / name)
    return {stage: run_stage(folder, *stage.split()) for stage in list_stages()}


def list_stages() -> list[str]:
    """The command lines, in the order in which they run."""
    each = [f"{stage} {label}" for stage in ("embed", "train", "evaluate") for label in MEMBERS]
    return ["check", "prepare", *each, *COMBINING]


def make_load_params(bench: Bench) -> dict[str, Any]:
    """Two small members on the smallest images that their networks take."""
    head = {"standardize": True}  # random features are far from 1, and mini-batches would learn nothing from them
    members: dict[str, dict[str, Any]] = {label: {"backbone": name, "head": head} for label, name in MEMBERS.items()}
    params = make_params(bench, SIDE, "float32", members)
    params["data"]["splits"] = {"train": ".", "validation": 0.1, "test": 0.2}
    params["training"] = {"solver": "minibatch", "epochs": 4, "batch_size": 256}
    params["stacking"] = {"fit_on": "oof", "folds": 3}
    return params


def fit_exponent(counts: tuple[int, ...], values: list[float]) -> float:
    """The exponent of the power of the counts that the values grow with."""
    return float(np.polyfit(np.log(counts), np.log(values), 1)[0])
