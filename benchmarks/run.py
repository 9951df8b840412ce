"""Measure the pipeline against the tutorial's procedure: `make bench`, or `python -m benchmarks.run [section ...]`.

Without `--full` all but the longest sections run on a few generated photos, small, in about 10 minutes; ratios are then
no more than a sign that the measurements work. `--full` takes real photos, `--weights` real weights, and hours where
the tutorial's procedure has them. Every section keeps its last result of each machine in results.json, from which
RESULTS.md and results.png are made: in benchmarks/ with `--full`, else in build/bench/. A section that fails does not
keep the others from running; the exit code is 1 then.
"""

import argparse
import importlib
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.photos import Bench, write_photos
from benchmarks.report import format_table, write_report
from benchmarks.results import FOLDER, NAMED_ONLY, SECTIONS, Result, Store


def main() -> None:
    arguments = parse_arguments()
    chosen = arguments.sections or [name for name in SECTIONS if arguments.full or name not in NAMED_ONLY]
    store = Store(FOLDER if arguments.full else FOLDER.parent / "build" / "bench")
    failed = []
    with tempfile.TemporaryDirectory(prefix="bench-kept-", dir=arguments.scratch) as kept:
        for number, name in enumerate(chosen):
            machine = describe_machine()
            left = estimate_left(store, chosen[number:], machine)
            print(f"\n## {name}: section {number + 1} of {len(chosen)}{left}", flush=True)
            try:
                run_section(name, arguments, arguments.kept or Path(kept), machine, store)
            except Exception:  # the others are not to wait for its repair
                traceback.print_exc()
                failed.append(name)
    if failed:
        raise SystemExit(f"failed, see above: {', '.join(failed)}")


def run_section(name: str, arguments: argparse.Namespace, kept: Path, machine: dict[str, str], store: Store) -> None:
    """Measure, print and save one section; `kept` is where features lie that several sections repeat their fits on."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=arguments.scratch) as folder:
        bench = make_bench(arguments, Path(folder), kept)
        result: Result = importlib.import_module(f"benchmarks.sections.{name}").measure(bench)
    for table in result.tables:
        print(format_table(table.columns, table.rows), flush=True)
    store.save(name, machine, describe_command(name, arguments), time.monotonic() - started, result)
    write_report(store)


def estimate_left(store: Store, sections: Sequence[str], machine: dict[str, str]) -> str:
    """How long these sections will take, by the last time, where all of them ran on such a machine before."""
    seconds = [store.find_seconds(section, machine) for section in sections]
    known = [one for one in seconds if one is not None]
    return f", about {sum(known) / 60:.0f} minutes left" if len(known) == len(seconds) else ""


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.run", description=__doc__.split("\n")[0])
    parser.add_argument(
        "sections",
        nargs="*",
        metavar="section",
        help=f"of {', '.join(SECTIONS)}; default: all, but {', '.join(NAMED_ONLY)} with --full alone",
    )
    parser.add_argument("--full", type=Path, metavar="PHOTOS", help="a folder with train/ and validation/ of photos")
    parser.add_argument("--weights", type=Path, help="a folder with weights files, named as Keras names them")
    parser.add_argument("--repeats", type=int, help="runs of each procedure (default 3 with --full, else 1)")
    parser.add_argument("--scratch", type=Path, help="where temporary folders go (20,000 photos need 2 GB)")
    parser.add_argument("--kept", type=Path, help="where the features of digits/ and photos/ stay for the next run")
    arguments = parser.parse_args()
    unknown = set(arguments.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no section {', '.join(sorted(unknown))}: choose from {', '.join(SECTIONS)}")
    arguments.repeats = arguments.repeats or (3 if arguments.full else 1)
    return arguments


def make_bench(arguments: argparse.Namespace, scratch: Path, kept: Path) -> Bench:
    """Real photos at the tutorial's and the profile's size, or generated ones at a small size."""
    sizes: tuple[int, ...]
    if arguments.full:
        photos, sizes, counts, rows = arguments.full, (224, 299), (1000, 5000, 20000), 128
    else:
        photos, sizes, counts, rows = scratch / "photos", (96,), (200, 400, 800), 64
        write_photos(photos / "train", 128)
        write_photos(photos / "validation", 64, seed=1)
    return Bench(photos, arguments.weights, sizes, counts, arguments.repeats, rows, scratch, kept, bool(arguments.full))


def describe_command(section: str, arguments: argparse.Namespace) -> str:
    """The command to repeat it, without the paths of this machine."""
    words = ["python -m benchmarks.run", section]
    words += ["--full <photos>"] if arguments.full else []
    words += ["--weights <weights>"] if arguments.weights else []
    words += ["--kept <features>"] if arguments.kept else []
    return " ".join([*words, f"--repeats {arguments.repeats}"])


if __name__ == "__main__":
    main()
