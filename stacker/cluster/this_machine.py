"""Stages side by side on this machine, in clones that share DVC's cache."""

import os
import time
from pathlib import Path

from stacker.artifacts.scratch import remove_abandoned, scratch_folder
from stacker.cluster.board import Board
from stacker.cluster.conclusion import conclude
from stacker.cluster.crew import Crew
from stacker.cluster.leading import drive
from stacker.cluster.lock_order import read_entries
from stacker.cluster.own_stages import OwnStages
from stacker.cluster.ray_start import local_ray, watched_folder
from stacker.cluster.share import Limits, Share, check_shares, choose_jobs, choose_share, count_cores
from stacker.cluster.source import list_links, pack_source
from stacker.cluster.task import Orders
from stacker.cluster.warm_python import may_be_warm, warm_python
from stacker.cluster.wishes import Wishes
from stacker.cluster.work import Work
from stacker.planning.repository import open_repository
from stacker.settings.weights import name_weights_file
from stacker.settings.whole import Settings, load_settings

FOLDER = Path(".dvc/tmp/stacker")
SHARED = (".checkpoints", ".dvc/tmp/stacker/seconds")  # what a killed training goes on from; how long stages took


def run_side_by_side(wishes: Wishes, work: Work) -> None:
    """Warm DVC's run-cache on this machine: several stages at once, each in a clone that shares this folder's cache.

    Raises:
        PipelineError: naming each stage that failed, with its log.
    """
    jobs = choose_jobs(wishes.jobs, wishes.cpus, len(work.parallel))
    if jobs == 1:
        return
    began, settings, source = time.monotonic(), load_settings(), pack_source()
    remove_abandoned(make_folder(FOLDER), "clones-")
    board = Board([*work.first, *work.parallel, *work.own])
    with scratch_folder(FOLDER, "clones-") as home, board, OwnStages(board, wishes.options) as own:
        own.start(work.first)  # Ray takes seconds to start meanwhile
        try:
            with (
                watched_folder() as sockets,
                warm_python(settings, choose_shares(wishes, work, settings, gpus=0).values(), sockets) as warm,
                local_ray(count_cores(), sockets) as ray,
            ):
                gpus = ray.cluster_resources().get("GPU", 0.0)
                shares = choose_shares(wishes, work, settings, gpus)
                check_shares(shares, [(count_cores(), gpus)])
                own.finish()  # what all others wait for
                orders = make_orders(settings, home, warm if may_be_warm(shares.values()) else None)
                crew = Crew(ray, work, source, orders, shares, Limits(jobs), read_entries(), board)
                drive(crew, lambda: own.go_on(work.own, crew))
        except BaseException:
            own.stop()
            raise
    conclude(board, work, crew, began)


def make_orders(settings: Settings, home: Path, warm: Path | None) -> Orders:
    """What the workers are told.

    Args:
        settings: of the project.
        home: the folder for clones.
        warm: what stands in for `python`; None where none does.
    """
    variables = {**os.environ}
    if warm:
        variables["PATH"] = os.pathsep.join([str(warm.parent), variables["PATH"]])
    cache, links = _describe_cache(), _list_links(settings)
    return Orders(str(home.resolve()), links, cache, variables)


def choose_shares(wishes: Wishes, work: Work, settings: Settings, gpus: float) -> dict[str, Share]:
    """What each stage takes; where there are GPUs, one, unless something else is said."""
    each = wishes.gpus if wishes.gpus is not None else float(gpus >= 1)
    return {stage: choose_share(stage, settings.resources, wishes.cpus, each) for stage in work.parallel}


def _list_links(settings: Settings) -> dict[str, str]:
    weights = [name_weights_file(member.backbone.weights) for member in settings.members.values()]
    for shared in SHARED:
        make_folder(Path(shared))
    own = list_links([settings.data.images, *(name for name in weights if name is not None)])
    return own | {shared: str(Path(shared).resolve()) for shared in SHARED}


def _describe_cache() -> str:
    """DVC's settings in a clone: this folder's cache, no Git, and a database of its own."""
    with open_repository() as repo:
        types = ",".join(repo.config["cache"].get("type") or ["reflink", "copy"])
        cache = Path(repo.cache.local.path).parents[1]
    return f"[core]\n no_scm = true\n site_cache_dir = {{slot}}/site\n[cache]\n dir = {cache}\n type = {types}\n"


def make_folder(folder: Path) -> Path:
    """The folder, which is made where it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    return folder
