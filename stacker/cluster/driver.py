"""`stacker repro` on this machine: what waits for nobody side by side, then `dvc repro`, which decides."""

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from filelock import FileLock, Timeout

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.artifacts.scratch import remove_abandoned, scratch_folder
from stacker.cluster.board import Board
from stacker.cluster.crew import Crew, Led, Orders, drive, remove_homes
from stacker.cluster.fitness import make_demands
from stacker.cluster.judge import run_judge
from stacker.cluster.lock_order import read_entries, sort_lock
from stacker.cluster.order import Order, gather_crew
from stacker.cluster.own_stages import OwnStages
from stacker.cluster.ray_start import import_ray, joined_ray, local_ray
from stacker.cluster.remote import FOLDER as HOMES
from stacker.cluster.remote import choose_remote, fetch_result, push_outputs, remove_job
from stacker.cluster.share import (
    Limits,
    Share,
    check_shares,
    choose_jobs,
    choose_share,
    count_cores,
    largest_peak,
)
from stacker.cluster.source import list_links, pack_source
from stacker.cluster.submitted import Submitted, connect, submit
from stacker.cluster.summary import describe_run
from stacker.cluster.work import Work, find_work
from stacker.planning.repository import open_repository
from stacker.settings.whole import Settings, load_settings

FOLDER = Path(".dvc/tmp/stacker")
INTERRUPTED = 130  # as a shell says of what Ctrl-C has ended
KEPT = "the stages that had ended are kept, and `stacker repro` or `dvc repro` goes on from there"
SHARED = (".checkpoints", ".dvc/tmp/stacker/seconds")  # what a killed training goes on from; how long stages took


class Wishes(NamedTuple):
    """What the command line asks for.

    Attributes:
        targets: as `dvc repro` takes them.
        jobs: a number, or "auto".
        cpus: cores that each stage is held to; None for all.
        gpus: of each stage; None for one where there are any.
        options: of `dvc repro`.
        address: of a Ray cluster; None for this machine alone.
        remote: DVC's, through which results travel between machines; None for the default one.
        is_open: may the cluster be one that asks for no token?
    """

    targets: Sequence[str]
    jobs: str
    cpus: int | None
    gpus: float | None
    options: Sequence[str] = ()
    address: str | None = None
    remote: str | None = None
    is_open: bool = False


def repro(wishes: Wishes) -> int:
    """Run what `dvc repro` would run, several stages at once where the graph allows it.

    Returns:
        The exit status of the `dvc repro` that ended it.

    Raises:
        PipelineError: a stage failed, or could not run; or what was asked for is wrong.
    """
    if wishes.address and "://" in wishes.address and not is_job_server(wishes.address):
        raise WrongUseError(
            f"--address: expected auto, host:port or http://host:8265, received {wishes.address}: Ray Client (ray://) "
            "ends with its connection"
        )
    import_ray(is_local=wishes.address is None)
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
    except KeyboardInterrupt:
        print(f"\nstopped: {KEPT}", file=sys.stderr)
        return INTERRUPTED


def run_side_by_side(wishes: Wishes, work: Work) -> None:
    """Warm DVC's run-cache on this machine: several stages at once, each in a clone that shares this folder's cache.

    Raises:
        PipelineError: naming each stage that failed, with its log.
    """
    jobs = choose_jobs(wishes.jobs, wishes.cpus, len(work.parallel))
    if jobs == 1:
        return
    began, settings, source = time.monotonic(), load_settings(), pack_source()
    remove_abandoned(_make(FOLDER), "clones-")
    board = Board([*work.first, *work.parallel, *work.own])
    with scratch_folder(FOLDER, "clones-") as home, board, OwnStages(board, wishes.options) as own:
        own.start(work.first)  # Ray takes seconds to start meanwhile
        try:
            with local_ray(count_cores()) as ray:
                gpus = ray.cluster_resources().get("GPU", 0.0)
                shares = choose_shares(wishes, work, settings, gpus)
                check_shares(shares, [(count_cores(), gpus)])
                own.finish()  # what all others wait for
                orders = Orders(str(home.resolve()), _list_links(settings), _describe_cache(), {**os.environ})
                crew = Crew(ray, work, source, orders, shares, Limits(jobs), read_entries(), board)
                drive(crew, lambda: own.go_on(work.own, crew.done))
        except BaseException:
            own.stop()
            raise
    conclude(board, work, crew, began)


def run_on_cluster(wishes: Wishes, work: Work, address: str) -> None:
    """Warm DVC's run-cache on a Ray cluster; inputs and results travel through the job's folder in a DVC remote.

    Args:
        wishes: of the command line.
        work: to do.
        address: "auto" or host and port of a cluster that this machine is part of, or that of its job server.

    Raises:
        PipelineError: naming each stage that failed, with node and log; or what the cluster lacks.
    """
    began, settings, source, remote = time.monotonic(), load_settings(), pack_source(), choose_remote(wishes.remote)
    board = Board([*work.first, *work.parallel, *work.own])
    accept = partial(fetch_result, remote)
    with board, OwnStages(board, wishes.options) as own:
        own.start(work.first)
        try:
            with open_cluster(address, wishes.is_open) as cluster:
                own.finish()
                given = {name for names in work.inputs.values() for name in names}
                push_outputs(remote, sorted(given - work.parallel.keys()))
                orders = Orders(f"{HOMES}/{remote.job}", {}, remote.describe(), None, make_demands(settings))
                resources = settings.resources
                order = Order(
                    work, read_entries(), orders, resources, wishes.jobs, wishes.cpus, wishes.gpus, source.digest
                )
                crew: Led
                if is_job_server(address):
                    crew = Submitted(cluster, submit(cluster, order, source.archive), order, board, accept)
                else:
                    crew = gather_crew(cluster, order, source.archive, board, accept)
                drive(crew, lambda: own.go_on(work.own, crew.done))
                if not is_job_server(address):
                    remove_homes(cluster, orders.home)
        except BaseException:
            own.stop()
            raise
    conclude(board, work, crew, began)
    remove_job(remote)


@contextmanager
def open_cluster(address: str, is_open: bool) -> Iterator[Any]:
    """A client of a job server, or Ray as a part of the cluster."""
    if is_job_server(address):
        yield connect(address, is_open)
    else:
        with joined_ray(address, is_open) as ray:
            yield ray


def is_job_server(address: str) -> bool:
    """Is it the address of a cluster's job server?"""
    return address.startswith(("http://", "https://"))


def conclude(board: Board, work: Work, crew: Led, began: float) -> None:
    """Say what the run came to.

    Raises:
        PipelineError: naming each stage that failed, with node and log.
    """
    behind = {**work.parallel, **work.own}
    print(describe_run(board.rows, behind, crew.at_once, time.monotonic() - began, int(largest_peak())), flush=True)
    if crew.failed:
        raise PipelineError("\n".join([*crew.failed.values(), KEPT]))


def choose_shares(wishes: Wishes, work: Work, settings: Settings, gpus: float) -> dict[str, Share]:
    """What each stage takes; where there are GPUs, one, unless something else is said."""
    each = wishes.gpus if wishes.gpus is not None else float(gpus >= 1)
    return {stage: choose_share(stage, settings.resources, wishes.cpus, each) for stage in work.parallel}


@contextmanager
def _alone() -> Iterator[None]:
    """No second `stacker repro` in this folder."""
    lock = FileLock(_make(FOLDER) / "repro.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise PipelineError("another `stacker repro` is at work in this folder: wait for it, or stop it") from None
    with lock:
        yield


def _list_links(settings: Settings) -> dict[str, str]:
    weights = [member.backbone.weights for member in settings.members.values()]
    for shared in SHARED:
        _make(Path(shared))
    own = list_links([settings.data.images, *(name for name in weights if name and name != "imagenet")])
    return own | {shared: str(Path(shared).resolve()) for shared in SHARED}


def _describe_cache() -> str:
    """DVC's settings in a clone: this folder's cache, no Git, and a database of its own."""
    with open_repository() as repo:
        types = ",".join(repo.config["cache"].get("type") or ["reflink", "copy"])
        cache = Path(repo.cache.local.path).parents[1]
    return f"[core]\n no_scm = true\n site_cache_dir = {{slot}}/site\n[cache]\n dir = {cache}\n type = {types}\n"


def _make(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder
