"""Nothing of a run outlives it: a small process that waits for the driver's end, however that comes, and then kills
whatever was started for the run and is still there. Ray's own processes may linger for a minute after a `kill -9`.

`python -m stacker.cluster.watchdog <mark> <folder>` waits for the end of its standard input; the driver holds the other
end. What belongs to a run has the mark in its environment.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil

MARK = "STACKER_RUN"
LONGEST = 20.0  # seconds for killed processes to be gone


@contextmanager
def watched(folder: Path) -> Iterator[None]:
    """All that is started in the block ends with it, or with this process; then `folder` is removed.

    What is started with another value of `MARK` in its environment is left alone.
    """
    mark = uuid4().hex
    command = [sys.executable, "-m", "stacker.cluster.watchdog", mark, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True):  # noqa: S603
        os.environ[MARK] = mark
        try:
            yield
        finally:
            del os.environ[MARK]


def kill_marked(mark: str) -> None:
    """Kill all processes whose environment holds the mark, and those that they start meanwhile."""
    deadline = time.monotonic() + LONGEST
    while (found := list(_find_marked(mark))) and time.monotonic() < deadline:
        for process in found:
            try:
                process.kill()
            except psutil.Error:
                continue
        time.sleep(0.05)


def _find_marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except (psutil.Error, OSError):  # another user's, or gone meanwhile
            continue


if __name__ == "__main__":
    while os.read(0, 4096):
        pass
    kill_marked(sys.argv[1])
    shutil.rmtree(sys.argv[2], ignore_errors=True)
