"""Time procedures side by side, and watch a process's memory."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
MARK = "benchmark-child: "


class ChildRun(NamedTuple):
    """A process that ran to its end.

    Attributes:
        seconds: wall clock, start-up included.
        cpu_seconds: of all its threads.
        peak_mib: highest anonymous memory seen. Pages of a memory-mapped file are not in it: the system can drop them.
        value: what the function returned.
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float
    value: Any


def measure_alternating(procedures: Mapping[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Seconds of every run of every procedure, each round in the opposite order of the one before."""
    seconds: dict[str, list[float]] = {name: [] for name in procedures}
    for number in range(repeats):
        for name in list(procedures)[:: -1 if number % 2 else 1]:
            start = time.perf_counter()
            procedures[name]()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def describe_ratio(slow: Sequence[float], fast: Sequence[float], digits: int = 2) -> str:
    """Median and range of the ratios, run by run: "3.10 (2.90-3.30)"."""
    ratios = [first / second for first, second in zip(slow, fast, strict=True)]
    spread = f" ({min(ratios):.{digits}f}-{max(ratios):.{digits}f})" if len(ratios) > 1 else ""
    return f"{statistics.median(ratios):.{digits}f}{spread}"


def describe_seconds(seconds: Sequence[float]) -> str:
    """Median and range of seconds."""
    spread = f" ({min(seconds):.2f}-{max(seconds):.2f})" if len(seconds) > 1 else ""
    return f"{statistics.median(seconds):.2f}{spread}"


def run_child(target: str, *arguments: str, folder: Path = ROOT) -> ChildRun:
    """Run `module:function` in a process of its own, started in `folder`, with `arguments`; `--word` is `word=True`."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-m", "benchmarks.child", target, *arguments]
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{target} {' '.join(arguments)} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    line = next(line for line in reversed(done.stdout.splitlines()) if line.startswith(MARK))
    return ChildRun(seconds, **json.loads(line.removeprefix(MARK)))


class MemoryWatch:
    """Samples this process's anonymous memory in a thread while the block runs (Linux)."""

    def __init__(self, interval: float = 0.02):
        self.interval = interval
        self.peak_mib = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> "MemoryWatch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while True:
            self.peak_mib = max(self.peak_mib, read_anonymous_mib())
            if self._stop.wait(self.interval):
                return


def read_anonymous_mib() -> float:
    """Anonymous memory of this process, MiB; 0 where the system has no /proc."""
    try:
        lines = Path("/proc/self/smaps_rollup").read_text(encoding="ascii").splitlines()
    except FileNotFoundError:
        return 0.0
    return next(int(line.split()[1]) for line in lines if line.startswith("Anonymous:")) / 1024
