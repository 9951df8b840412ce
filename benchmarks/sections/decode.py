"""Decoding: the pipeline's threads into a memory map against the tutorial's loop into float64, and memory."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.format import open_memmap

from benchmarks.measure import describe_ratio, describe_seconds, measure_alternating
from benchmarks.photos import WHITE, Bench, load_pixels, take_evenly, write_photos
from benchmarks.project import make_params, make_project, run_stage
from benchmarks.results import Chart, Result, Table
from benchmarks.tutorial import decode_loop
from stacker.artifacts.preparation import Preparation
from stacker.photos.decoding import decode_images
from stacker.photos.fingerprints import read_fingerprints

TITLE = "Decode"
MEMORY_SIDE = 96


def measure(bench: Bench) -> Result:
    """Ratios by image size, pixels compared, memory by number of images."""
    paths = take_evenly(bench.list_photos("train"), 2000)
    timings = Table(["image side", "photos", "tutorial, s", "pipeline, s", "ratio", "grey levels"], [])
    for side in bench.sizes:
        seconds = measure_alternating(
            {
                "tutorial": partial(decode_loop, paths, side),
                "pipeline": partial(decode_into_map, paths, side, bench.scratch / "pixels.npy"),
            },
            bench.repeats,
        )
        texts = [describe_seconds(seconds[name]) for name in ("tutorial", "pipeline")]
        ratio = describe_ratio(seconds["tutorial"], seconds["pipeline"])
        timings.rows.append([side, len(paths), *texts, ratio, compare_pixels(take_evenly(paths, 200), side)])
    memory, chart = measure_memory(bench)
    notes = [
        "The pipeline reads every file for its hash and near-duplicate hash, decodes it in threads, reduced where the "
        "target is less than a third of the source, averages it down, and writes uint8 into the memory map. `grey "
        "levels` is the mean difference from the same photos decoded whole and averaged down by OpenCV's INTER_AREA; "
        "the tutorial's own bilinear interpolation leaves pixels out.",
        "Memory is the peak of anonymous memory of `python -m stages.prepare` in a process of its own; the pages of "
        "the memory map are not in it, as the system can drop them at any time. The tutorial's array is computed.",
    ]
    return Result(TITLE, notes, [timings, memory], [chart])


def decode_into_map(paths: list[Path], side: int, target: Path) -> np.ndarray:
    """What `prepare` does with the pixels, fingerprints included."""
    fingerprints, _ = read_fingerprints(paths, True, WHITE)
    pixels = open_memmap(target, "w+", np.uint8, (len(paths), side, side, 3))
    decode_images(paths, fingerprints, pixels, Preparation(side=side))
    return pixels


def compare_pixels(paths: list[Path], side: int) -> float:
    """How far the pipeline's pixels are from those of whole photos, averaged down: the mean, in grey levels."""
    received = load_pixels(paths, side)
    differences = []
    for path, pixels in zip(paths, received, strict=True):
        whole = np.asarray(cv2.imread(str(path)))
        expected = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)[..., ::-1]
        differences.append(np.abs(pixels.astype(int) - expected).mean())
    return round(float(np.mean(differences)), 2)


def measure_memory(bench: Bench) -> tuple[Table, Chart]:
    """Peak anonymous memory of `prepare`, by number of images."""
    table = Table(["images", "prepare, s", "images per s", "anonymous memory, MiB", "tutorial's array, MiB"], [])
    peaks: list[float] = []
    arrays: list[float] = []
    for count in bench.counts:
        photos = bench.scratch / f"memory-{count}"
        write_photos(photos / "train", count, 240, 180, seed=1)
        write_photos(photos / "validation", 20, 240, 180, seed=2)
        params = make_params(bench, MEMORY_SIDE, "float32")
        run = run_stage(make_project(bench.scratch / f"memory-project-{count}", photos, params), "prepare")
        peaks.append(run.peak_mib)
        arrays.append(count * MEMORY_SIDE**2 * 3 * 8 / 2**20)
        table.rows.append(
            [count, round(run.seconds, 1), round(count / run.seconds), round(run.peak_mib), round(arrays[-1])]
        )
    chart = Chart(
        "Memory of decoding",
        "images",
        "anonymous memory, MiB",
        {
            "pipeline": (list(bench.counts), peaks),
            "tutorial's array": (list(bench.counts), arrays),
        },
    )
    return table, chart
