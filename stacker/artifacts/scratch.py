"""Folders for what is still being written; what killed processes left in theirs can be told from what is in use."""

import contextlib
import glob
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform != "win32":
    import fcntl

RANDOM = "[a-z0-9_]" * 8  # what `tempfile` ends a name with


@contextmanager
def scratch_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """Yield an empty folder, which goes when the block ends.

    The process holds a lock on it, which the system releases however the process ends: see `remove_abandoned`.
    """
    folder, lock = _make_locked(parent, prefix)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # what resists stays behind under a name that nothing reads
        os.close(lock)


def remove_abandoned(parent: Path, prefix: str, keeping: str = "") -> None:
    """Remove the folders of processes that were killed.

    On a file system without locks, as some network drives are, nothing is removed.

    Args:
        parent: where they lie.
        prefix: of their names, as `scratch_folder` has it.
        keeping: a folder that holds this name stays; empty if none does.
    """
    for folder in sorted(parent.glob(f"{glob.escape(prefix)}{RANDOM}")):
        if keeping and (folder / keeping).exists():
            continue
        with contextlib.suppress(OSError):  # gone meanwhile, in use, or without locks
            lock = os.open(folder, os.O_RDONLY)
            try:
                _lock(lock, is_patient=False)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _make_locked(parent: Path, prefix: str) -> tuple[Path, int]:
    """A new folder and the descriptor that holds its lock."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = os.open(folder, os.O_RDONLY)
        with contextlib.suppress(OSError):  # without locks the folder is as good
            _lock(lock, is_patient=True)
        if folder.exists():  # else another process saw it before it was locked, and took it for abandoned
            return folder, lock
        os.close(lock)


def _lock(descriptor: int, is_patient: bool) -> None:
    if sys.platform == "win32":
        raise OSError("folders have no locks here")
    fcntl.flock(descriptor, fcntl.LOCK_EX if is_patient else fcntl.LOCK_EX | fcntl.LOCK_NB)
