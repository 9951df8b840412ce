"""Stages side by side on a Ray cluster; what they read and write travels through a DVC remote."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from stacker.cluster.board import Board
from stacker.cluster.conclusion import conclude
from stacker.cluster.fitness import make_demands
from stacker.cluster.leading import Led, drive, remove_homes
from stacker.cluster.lock_order import read_entries
from stacker.cluster.order import Order, gather_crew
from stacker.cluster.own_stages import OwnStages
from stacker.cluster.ray_start import joined_ray
from stacker.cluster.remote import FOLDER, JobRemote, choose_remote, fetch_result, push_outputs, remove_job
from stacker.cluster.source import Source, pack_source
from stacker.cluster.submitted import Submitted, connect, submit
from stacker.cluster.task import Orders
from stacker.cluster.wishes import Wishes, is_job_server
from stacker.cluster.work import Work
from stacker.settings.whole import load_settings


def run_on_cluster(wishes: Wishes, work: Work, address: str) -> None:
    """Warm DVC's run-cache on a Ray cluster; inputs and results travel through the job's folder in a DVC remote.

    Args:
        wishes: of the command line.
        work: to do.
        address: "auto" or host and port of a cluster that this machine is part of, or that of its job server.

    Raises:
        PipelineError: naming each stage that failed, with node and log; or what the cluster lacks.
    """
    began, source, remote = time.monotonic(), pack_source(), choose_remote(wishes.remote)
    board = Board([*work.first, *work.parallel, *work.own])
    with board, OwnStages(board, wishes.options) as own:
        own.start(work.first)
        try:
            with open_cluster(address, wishes.is_open) as cluster:
                own.finish()
                given = {name for names in work.inputs.values() for name in names}
                push_outputs(remote, sorted(given - work.parallel.keys()))
                crew = send(cluster, address, wishes, work, source, remote, board)
                drive(crew, lambda: own.go_on(work.own, crew))
                if not is_job_server(address):
                    remove_homes(cluster, name_home(remote))
        except BaseException:
            own.stop()
            raise
    conclude(board, work, crew, began)
    remove_job(remote)


def send(
    cluster: Any, address: str, wishes: Wishes, work: Work, source: Source, remote: JobRemote, board: Board
) -> Led:
    """The crew for the work, led from here or by a job of the cluster."""
    settings, accept = load_settings(), partial(fetch_result, remote)
    orders = Orders(name_home(remote), {}, remote.describe(), None, make_demands(settings))
    options = (settings.resources, wishes.jobs, wishes.cpus, wishes.gpus)
    order = Order(work, read_entries(), orders, *options, source.digest)
    if is_job_server(address):
        return Submitted(cluster, submit(cluster, order, source.archive), order, board, accept)
    return gather_crew(cluster, order, source.archive, board, accept)


def name_home(remote: JobRemote) -> str:
    """The folder of a job's clones on each machine, below that for temporary files."""
    return f"{FOLDER}/{remote.job}"


@contextmanager
def open_cluster(address: str, is_open: bool) -> Iterator[Any]:
    """A client of a job server, or Ray as a part of the cluster."""
    if is_job_server(address):
        yield connect(address, is_open)
    else:
        with joined_ray(address, is_open) as ray:
            yield ray
