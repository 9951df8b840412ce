"""A worker's side of the job's folder: inputs come from there, results go there, one under each of DVC's keys."""

from typing import Any

import yaml
from dvc.repo import Repo
from dvc.stage.cache import _get_cache_hash, _get_stage_hash

from stacker.cluster.remote import NAME


def fetch_inputs(stages: list[str]) -> None:
    """Bring the outputs of `stages`, as `dvc.lock` has them, into the workspace."""
    if stages:
        with Repo() as repo:
            repo.pull(targets=stages, force=True)


def compute_key(stage: str) -> str:
    """DVC's key of what `stage` will make: its command, the inputs that lie here and the settings that it tracks."""
    with Repo() as repo:
        found = repo.stage.load_one(name=stage)
        found.save_deps()
        return str(_get_stage_hash(found))


def find_result(key: str) -> dict[str, Any] | None:
    """What was made under a key, as an entry of `dvc.lock`; None where nothing was."""
    with Repo() as repo:
        fs, folder = _locate(repo, key)
        names = sorted(fs.find(folder)) if fs.exists(folder) else []
        if not names:
            return None
        with fs.open(names[0], "r", encoding="utf-8") as stream:
            return dict(yaml.safe_load(stream))


def fetch_result(stage: str) -> None:
    """Bring the outputs of `stage`, as `dvc.lock` has them, into the cache."""
    with Repo() as repo:
        repo.fetch(targets=[stage])


def offer_result(stage: str, key: str, entry: dict[str, Any]) -> dict[str, Any]:
    """Bring what `stage` made to the job's folder, unless something else is there under its key.

    Returns:
        The entry of what is there now.
    """
    if found := find_result(key):
        return found
    with Repo() as repo:
        repo.push(targets=[stage])
        fs, folder = _locate(repo, key)
        fs.makedirs(folder, exist_ok=True)
        with fs.open(fs.join(folder, _get_cache_hash(entry)), "w", encoding="utf-8") as stream:
            stream.write(yaml.safe_dump(entry, sort_keys=False))
    return find_result(key) or entry


def find_address() -> str:
    """Where the job's folder is."""
    with Repo() as repo:
        return str(repo.config["remote"][NAME]["url"])


def _locate(repo: Any, key: str) -> tuple[Any, str]:
    """The file system and the folder of a key's results."""
    odb = repo.cloud.get_remote_odb(NAME, hash_name="md5-dos2unix")
    return odb.fs, odb.fs.join(odb.path, "runs", key[:2], key)
