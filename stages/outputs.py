"""Write a stage's outputs so that an interrupted or failed run leaves the previous ones as they were."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory beside `path` that takes its place only if the block succeeds."""
    partial = path.with_name(f".{path.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        yield partial
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`, with the same suffix, that takes its place only if the block succeeds.

    The new file gets an inode of its own: the old one may be a read-only link into DVC's cache.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".partial-{path.name}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def remove_strays(directory: Path, expected: set[str]) -> list[str]:
    """Delete whatever in `directory` is not in `expected`, and return the names deleted.

    DVC hashes a directory dependency whole. The file of a member that was swapped out would enter that hash,
    and a fresh clone, which never had it, would disagree with `dvc.lock`.
    """
    if not directory.exists():
        return []
    strays = sorted(entry for entry in directory.iterdir() if entry.name not in expected)
    for stray in strays:
        shutil.rmtree(stray) if stray.is_dir() else stray.unlink()
    return [stray.name for stray in strays]
