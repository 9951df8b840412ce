"""What each stage costs before it works: imports, building the network, and its export."""

import subprocess
import sys
import tempfile
import time

import keras
import numpy as np

from benchmarks.measure import ROOT, describe_seconds, measure_alternating, run_child
from benchmarks.photos import MEMBERS, Bench, load_pixels, take_evenly
from benchmarks.project import STAGES, make_params, make_project, run_stage
from benchmarks.results import Result, Table
from benchmarks.sections.inference import build_member_backbone, choose
from stacker.inference.predictors import compile_predictor

TITLE = "Start-up"
PROBE = "import sys, stages.{0}; print([name for name in ('tensorflow', 'keras') if name in sys.modules])"


def measure(bench: Bench) -> Result:
    """Import times, export against inference, and `python -m stages.evaluate`."""
    notes = [
        "Import: a fresh process that imports the stage's module and ends. Export: tracing, reading by OpenVINO and "
        "compiling, float32; by Keras: the same through `model.export` into a SavedModel. Inference: the training "
        "photos of the benchmark, at most 2,000.",
    ]
    return Result(TITLE, notes, [measure_imports(bench), measure_exports(bench), measure_evaluate(bench)], [])


def measure_imports(bench: Bench) -> Table:
    """Seconds to import each stage, and which of the heavy packages came along."""
    table = Table(["stage", "import, s", "imports"], [])
    for stage in ("fetch", *STAGES):
        command = [sys.executable, "-c", PROBE.format(stage)]
        heavy = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()[-1]
        procedures = {stage: lambda c=command: subprocess.run(c, cwd=ROOT, capture_output=True, check=True)}
        seconds = measure_alternating(procedures, bench.repeats)[stage]
        table.rows.append([stage, describe_seconds(seconds), heavy.strip("[]").replace("'", "") or "neither"])
    return table


def measure_exports(bench: Bench) -> Table:
    """Seconds to build, export and compile a member's backbone, and to push the photos through it."""
    columns = ["member", "side", "build, s", "export and compile, s", "by Keras, s", "photos", "inference, s"]
    table = Table(columns, [])
    side = bench.sizes[0]
    images = load_pixels(take_evenly(bench.list_photos("train"), 2000), side)
    for label in MEMBERS:
        keras.backend.clear_session()
        moments = [time.perf_counter()]
        model = build_member_backbone(bench, label, side)
        moments.append(time.perf_counter())
        predictor = compile_predictor(model, choose("openvino", "float32"), {label: np.dtype(np.uint8)})
        moments.append(time.perf_counter())
        predictor.predict({label: images})
        moments.append(time.perf_counter())
        build, export, inference = np.diff(moments).tolist()
        table.rows.append([label, side, build, export, time_keras_export(model), len(images), inference])
    return table


def time_keras_export(model: keras.Model) -> float:
    """Seconds of the plain way: Keras' own export, read and compiled by OpenVINO."""
    import openvino

    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, format="tf_saved_model", verbose=False)
        core = openvino.Core()
        core.compile_model(core.read_model(folder), "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"})
    return time.perf_counter() - start


def measure_evaluate(bench: Bench) -> Table:
    """Seconds of `evaluate` for one member, in a small project."""
    params = make_params(bench, 96, "float32", {"only": {"backbone": {"name": "MobileNetV2", "weights": None}}})
    params["meta_models"] = {}
    folder = make_project(bench.scratch / "startup", bench.photos, params)
    for stage, arguments in (("prepare", []), ("embed", ["only"]), ("train", ["only"])):
        run_stage(folder, stage, *arguments)
    runs = [run_child("stages.evaluate:main", "only", folder=folder) for _ in range(max(3, bench.repeats))]
    seconds = describe_seconds([run.seconds for run in runs])
    return Table(["command", "seconds", "bar"], [["python -m stages.evaluate <member>", seconds, "< 2 s"]])
