"""A small file system of its own, which a test fills."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BALLAST = ".ballast"


@contextmanager
def mounted_disk(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount a file system in memory of so many MiB at `folder`; skips the test where that may not be."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, check=False, text=True, capture_output=True)
    except FileNotFoundError as error:
        pytest.skip(f"a small file system cannot be mounted here: {error}")
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def leave_room(disk: Path, length: int) -> None:
    """Fill the disk but for so many bytes."""
    make_room(disk)
    state = os.statvfs(disk)
    with (disk / BALLAST).open("wb") as stream:
        os.posix_fallocate(stream.fileno(), 0, max(1, state.f_bavail * state.f_frsize - length))


def make_room(disk: Path) -> None:
    (disk / BALLAST).unlink(missing_ok=True)
