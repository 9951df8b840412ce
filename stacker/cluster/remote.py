"""Results travel between machines through a folder of their own in the user's DVC remote, which ends with the job."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import yaml
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.stage.cache import _get_cache_hash

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.outputs import replaced_file
from stacker.cluster.causes import noted_causes
from stacker.planning.repository import open_repository

NAME = "stacker-job"
FOLDER = "stacker-jobs"
JOB = Path(".dvc/tmp/stacker/job")  # the name of the job whose folder is still there: the next run goes on with it
KEPT = "what the workers have made stays there, and the next `stacker repro --address` goes on with it"
# Settings of a remote that are no secret. Keys and passwords stay here: each machine has its own access.
TRAVELLING = ("url", "endpointurl", "region", "profile", "use_ssl", "ssl_verify", "user", "port", "account_name")


class JobRemote(NamedTuple):
    """The folder of a job.

    Attributes:
        job: its name.
        settings: DVC's of it, with what the user has set for the remote; the driver's.
    """

    job: str
    settings: dict[str, Any]

    @property
    def travelling(self) -> dict[str, Any]:
        """The settings that a worker is told."""
        return {key: value for key, value in self.settings.items() if key in TRAVELLING}

    def describe(self) -> str:
        """DVC's settings in a worker's clone: this remote, no Git, and a cache and a database of its own."""
        remote = "\n".join(f" {key} = {value}" for key, value in self.travelling.items())
        return (
            f"[core]\n no_scm = true\n remote = {NAME}\n site_cache_dir = {{slot}}/site\n"
            f"[cache]\n dir = {{home}}/cache\n['remote \"{NAME}\"']\n{remote}\n"
        )

    @property
    def overrides(self) -> dict[str, Any]:
        """What makes this the default remote of a `Repo`."""
        return {"core": {"remote": NAME}, "remote": {NAME: self.settings}}


def choose_remote(name: str | None) -> JobRemote:
    """A folder in one of the user's remotes: a new one, or that of a job that did not come to its end.

    Args:
        name: of the remote; None for the default one.

    Raises:
        PipelineError: there is no such remote, or it is of a kind that cannot hold DVC's run-cache.
    """
    with open_repository() as repo:
        remotes, chosen = repo.config["remote"], name or repo.config["core"].get("remote")
        if chosen not in remotes:
            raise PipelineError(
                f"on several machines, results travel through a DVC remote, and there is no "
                f"{f'remote {chosen}' if chosen else 'default remote'}: name one with --remote, of "
                f"{', '.join(remotes) or '(there is none)'}, or add one with `dvc remote add --default`"
            )
        settings = dict(remotes[chosen])
    url = str(settings["url"])
    if url.startswith(("http://", "https://")):
        raise PipelineError(f"remote {chosen} ({url}): DVC keeps no run-cache on an HTTP server: use another remote")
    if settings.get("version_aware") or settings.get("worktree"):
        raise PipelineError(f"remote {chosen}: DVC keeps no run-cache where the storage has versions: use another one")
    job = JOB.read_text(encoding="ascii").strip() if JOB.exists() else uuid4().hex[:12]
    JOB.parent.mkdir(parents=True, exist_ok=True)
    JOB.write_text(f"{job}\n", encoding="ascii")
    return JobRemote(job, {**settings, "url": f"{url.rstrip('/')}/{FOLDER}/{job}"})


def push_outputs(remote: JobRemote, stages: list[str]) -> None:
    """Bring the outputs of stages to the job's folder: what workers read, and no worker makes."""
    if stages:
        with _open(remote, "bringing inputs there") as repo:
            repo.push(targets=stages)


def fetch_result(remote: JobRemote, stage: str, entry: dict[str, Any]) -> None:
    """Bring what a worker made into DVC's cache, with its entry in the run-cache, so that `dvc repro` finds it.

    Args:
        remote: where the worker put it.
        stage: its name.
        entry: the stage's in `dvc.lock`, of which the run-cache holds the same.
    """
    with _open(remote, f"bringing what {stage} made") as repo:
        made = repo.stage_cache._create_stage(entry)
        for objects in made.get_used_objs().values():
            repo.cloud.pull(objects)
        key = _get_cache_hash({**entry}, key=True)
        path = Path(repo.stage_cache._get_cache_path(key, _get_cache_hash(entry)))
        path.parent.mkdir(parents=True, exist_ok=True)
        with replaced_file(path) as partial:
            partial.write_text(yaml.safe_dump(entry, sort_keys=False), encoding="utf-8")


def remove_job(remote: JobRemote) -> None:
    """Remove the job's folder, and forget the job."""
    with _open(remote, "removing the job's folder") as repo:
        odb = repo.cloud.get_remote_odb(NAME)
        top = odb.fs.parent(odb.fs.parent(odb.path))  # of <job>/files/md5
        if odb.fs.exists(top):
            odb.fs.remove(top, recursive=True)
    JOB.unlink(missing_ok=True)


@contextmanager
def _open(remote: JobRemote, what: str) -> Iterator[Any]:
    with noted_causes() as causes:
        try:
            with Repo(config=remote.overrides) as repo:
                yield repo
        except (DvcException, OSError) as error:
            why = causes.describe(error)
            raise PipelineError(f"the remote {remote.settings['url']}, {what}: {why}; {KEPT}") from None
