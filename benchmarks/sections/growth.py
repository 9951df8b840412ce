"""How the pipeline's cost grows with images, members and image size."""

from benchmarks.measure import ChildRun
from benchmarks.photos import Bench, write_photos
from benchmarks.project import make_params, make_project, run_pipeline
from benchmarks.results import Chart, Result, Table
from benchmarks.sections.whole import choose_precision

TITLE = "Growth of cost"
MEMBER_COUNTS = (2, 4, 8)
SIDE = 96  # where only images or members grow


def measure(bench: Bench) -> Result:
    """Seconds of all stages, by number of images, members, and image side; MobileNetV2 for every member."""
    tables, charts = [], []
    measured: dict[tuple[int, int, int], dict[str, ChildRun]] = {}  # all three series start from the same point
    smallest = bench.counts[0]
    steps = {
        "images": [(count, count, 2, SIDE) for count in bench.counts],
        "members": [(count, smallest, count, SIDE) for count in MEMBER_COUNTS],
        "image side": [(side, smallest, 2, side) for side in dict.fromkeys((SIDE, *bench.sizes))],
    }
    for name, points in steps.items():
        table = Table([name, "prepare, s", "embed, s", "train, s", "stack and evaluate, s", "all, s", "peak MiB"], [])
        for value, images, members, side in points:
            point = (images, members, side)
            runs = measured[point] = measured.get(point) or run_point(bench, *point)
            table.rows.append([value, *sum_stages(runs), round(max(run.peak_mib for run in runs.values()))])
        tables.append(table)
        xs, ys = [row[0] for row in table.rows], [float(row[5]) for row in table.rows]
        charts.append(Chart(f"Cost by {name}", name, "seconds, all stages", {"pipeline": (xs, ys)}))
    notes = [
        f"Generated photos, MobileNetV2 with random weights for every member, {SIDE} px and {smallest} images and 2 "
        "members unless they grow; every stage a process of its own, start-up included (about five seconds each for "
        "those that import TensorFlow). Peak: the highest anonymous memory of any stage.",
    ]
    return Result(TITLE, notes, tables, charts)


def run_point(bench: Bench, images: int, count: int, side: int) -> dict[str, ChildRun]:
    """All stages at one size of the job."""
    photos = bench.scratch / f"growth-photos-{images}"
    if not photos.exists():
        write_photos(photos / "train", images, 240, 180, seed=1)
        write_photos(photos / "validation", 100, 240, 180, seed=2)
    members = {f"member_{n}": {"backbone": {"name": "MobileNetV2", "seed": n}} for n in range(count)}
    params = make_params(bench, side, choose_precision(), members)
    params["data"]["near_duplicates"] = None
    params["training"]["epochs"] = 5
    folder = make_project(bench.scratch / f"growth-{images}-{count}-{side}", photos, params)
    return run_pipeline(folder, list(members))


def sum_stages(runs: dict[str, ChildRun]) -> list[float]:
    """Seconds of prepare, embed, train, the rest, and all."""
    seconds = {name: run.seconds for name, run in runs.items()}
    sums = [
        sum(value for name, value in seconds.items() if name.split()[0] == stage)
        for stage in ("prepare", "embed", "train")
    ]
    return [round(value, 1) for value in (*sums, sum(seconds.values()) - sum(sums), sum(seconds.values()))]
