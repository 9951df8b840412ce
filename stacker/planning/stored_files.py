"""DVC's cache, read through: DVC takes what it has stored on trust, and a bit that flips stays unseen."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from stacker.artifacts.progress import open_progress
from stacker.planning.repository import open_repository

OBJECTS = Path("files/md5")  # below the cache, in folders of the first two digits
REST = re.compile(r"[0-9a-f]{30}(\.dir)?")
OUTPUTS = tuple(Path(name) for name in ("data", "models", "metrics", "plots"))


def locate_cache() -> Path:
    """The folder of DVC's cache, as its settings have it.

    Raises:
        PipelineError: DVC cannot read its settings, or another DVC command is at work.
    """
    with open_repository() as repo:
        return Path(repo.cache.local.path).parents[1]


def find_damaged(cache: Path) -> list[Path]:
    """The objects whose content is not what their name says.

    Args:
        cache: the folder of DVC's cache.
    """
    objects = sorted(path for path in (cache / OBJECTS).glob("??/*") if REST.fullmatch(path.name))
    with open_progress("reading DVC's cache", sum(path.stat().st_size for path in objects), "bytes") as bar:
        damaged = []
        for path in objects:
            if _hash_file(path) != path.parent.name + path.name.removesuffix(".dir"):
                damaged.append(path)
            bar.update(path.stat().st_size)
    return damaged


def remove_damaged(damaged: list[Path]) -> list[Path]:
    """Remove objects, and with each the outputs that are the same file under another name; these, by path."""
    same = {(state.st_dev, state.st_ino) for state in (path.stat() for path in damaged)}
    links = [path for path in _list_outputs() if (path.stat().st_dev, path.stat().st_ino) in same]
    for path in [*damaged, *links]:
        path.unlink()
    return links


def _list_outputs() -> Iterator[Path]:
    for folder in OUTPUTS:
        yield from (path for path in sorted(folder.rglob("*")) if path.is_file())


def _hash_file(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
