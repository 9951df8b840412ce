"""`stacker repro`: what waits for nobody side by side, then `dvc repro`, which decides."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.artifacts.terminal import escape_controls
from stacker.cluster.conclusion import KEPT
from stacker.cluster.judge import run_judge
from stacker.cluster.leading import StagesFailedError
from stacker.cluster.lock_order import read_entries, sort_lock
from stacker.cluster.many_machines import run_on_cluster
from stacker.cluster.ray_start import require_ray
from stacker.cluster.this_machine import FOLDER, make_folder, run_side_by_side
from stacker.cluster.wishes import Wishes, is_job_server
from stacker.cluster.work import find_work

LEFT = "the job goes on without you: the same command follows it again, and `ray job stop` ends it"
FAILED = 255  # as `dvc repro` ends where a stage fails
INTERRUPTED = 130  # as a shell says of what Ctrl-C has ended


def repro(wishes: Wishes) -> int:
    """Run what `dvc repro` would run, several stages at once where the graph allows it.

    Returns:
        The exit status of the `dvc repro` that ended it, or that it would have had.

    Raises:
        PipelineError: nothing could run, or what was asked for is wrong.
    """
    if wishes.address and "://" in wishes.address and not is_job_server(wishes.address):
        raise WrongUseError(
            f"--address: expected auto, host:port or http://host:8265, received {wishes.address}: Ray Client (ray://) "
            "ends with its connection"
        )
    require_ray()
    try:
        with _alone():
            work, before = find_work(wishes.targets), list(read_entries())
            if work.is_wide and wishes.address is not None:
                run_on_cluster(wishes, work, wishes.address)
            elif work.is_wide:
                run_side_by_side(wishes, work)
            try:
                return run_judge(wishes.targets, wishes.options)
            finally:
                sort_lock(before, work.order)
    except StagesFailedError as error:
        print(escape_controls(f"\nerror: {error}\n"), file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        goes_on = wishes.address is not None and is_job_server(wishes.address)
        print(f"\n{LEFT if goes_on else f'stopped: {KEPT}'}", file=sys.stderr)
        return INTERRUPTED


@contextmanager
def _alone() -> Iterator[None]:
    """No second `stacker repro` in this folder."""
    lock = FileLock(make_folder(FOLDER) / "repro.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise PipelineError("another `stacker repro` is at work in this folder: wait for it, or stop it") from None
    with lock:
        yield
