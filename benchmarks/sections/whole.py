"""The whole job on the same images: the tutorial's procedure at one epoch, and the pipeline from photos to ensemble."""

import json
from typing import Any

from benchmarks.machine import has_amx
from benchmarks.measure import ChildRun, describe_ratio, describe_seconds, run_child
from benchmarks.photos import MEMBERS, Bench
from benchmarks.project import make_params, make_project, run_pipeline
from benchmarks.results import Chart, Result, Table

TITLE = "The whole job, side by side"
TUTORIAL_EPOCHS = 20


def measure(bench: Bench) -> Result:
    """Seconds, ratios, peak memory and accuracy, in alternating order."""
    side = bench.sizes[0]
    tutorial: list[ChildRun] = []
    pipeline: list[dict[str, ChildRun]] = []
    accuracies: list[float] = []
    for number in range(bench.repeats):
        for name in ("tutorial", "pipeline")[:: -1 if number % 2 else 1]:
            if name == "tutorial":
                tutorial.append(run_tutorial(bench, side))
            else:
                runs, score = run_project(bench, side, number)
                pipeline.append(runs)
                accuracies.append(score)
    one_epoch = [run.seconds for run in tutorial]
    twenty = [extrapolate(run) for run in tutorial]
    ours = [sum(run.seconds for run in runs.values()) for runs in pipeline]
    rows: list[list[Any]] = [
        ["tutorial, 1 epoch", describe_seconds(one_epoch), describe_ratio(one_epoch, ours)],
        [f"tutorial, {TUTORIAL_EPOCHS} epochs (computed)", describe_seconds(twenty), describe_ratio(twenty, ours, 0)],
        ["pipeline, complete", describe_seconds(ours), "1"],
    ]
    memory = [max(run.peak_mib for run in tutorial)] * 2
    memory.append(max(run.peak_mib for runs in pipeline for run in runs.values()))
    reached = [tutorial[-1].value["accuracy"], "not run", accuracies[-1]]
    for row, peak, accuracy in zip(rows, memory, reached, strict=True):
        row += [round(peak), accuracy]
    table = Table(["procedure", "seconds", "times the pipeline", "peak anonymous memory, MiB", "accuracy"], rows)
    notes = [describe_job(bench, side)]
    steps = Table(["step", "seconds"], [[name, run.seconds] for name, run in pipeline[-1].items()])
    laps = Table(
        ["tutorial's step, 1 epoch", "seconds"], [[k, v] for k, v in tutorial[-1].value.items() if k[0] != "a"]
    )
    names = [row[0] for row in rows]
    bars = {"seconds": (names, [sorted(values)[len(values) // 2] for values in (one_epoch, twenty, ours)])}
    return Result(TITLE, notes, [table, laps, steps], [Chart("The whole job", "", "seconds", bars, is_bars=True)])


def describe_job(bench: Bench, side: int) -> str:
    """What was run, for a reader of the table."""
    return (
        f"Three members at {side} px, {len(bench.list_photos('train'))} photos to train on and "
        f"{len(bench.list_photos('validation'))} to test; every stage of the pipeline is a process of its own, its "
        "start-up included, as `dvc repro` runs it. The tutorial's twenty epochs are its decoding and start-up once, "
        "and each fit twenty times. The pipeline fits linear heads to their optimum, six times each (out-of-fold), and "
        f"runs inference in {choose_precision()}."
    )


def choose_precision() -> str:
    """What the profile for photos chooses: bfloat16 where the CPU has the instructions."""
    return "bfloat16" if has_amx() else "float32"


def run_tutorial(bench: Bench, side: int) -> ChildRun:
    """All of the tutorial, in a process of its own."""
    weights = [f"{label}={bench.find_weights(label) or ''}" for label in MEMBERS]
    return run_child("benchmarks.tutorial:main", str(bench.photos.resolve()), str(side), *weights)


def extrapolate(run: ChildRun) -> float:
    """Seconds at the tutorial's number of epochs."""
    fits = sum(float(seconds) for name, seconds in run.value.items() if name not in ("decode", "accuracy"))
    return run.seconds + (TUTORIAL_EPOCHS - 1) * fits


def run_project(bench: Bench, side: int, number: int) -> tuple[dict[str, ChildRun], float]:
    """All stages in a fresh folder; their costs and the ensemble's accuracy."""
    params = make_params(bench, side, choose_precision())
    folder = make_project(bench.scratch / f"whole-{number}", bench.photos, params)
    runs = run_pipeline(folder, list(MEMBERS))
    metrics = json.loads((folder / "metrics" / "ensemble.json").read_text(encoding="utf-8"))
    return runs, float(metrics["test"]["accuracy"])
