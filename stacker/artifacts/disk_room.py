"""Room on the disk: asked for before long work begins, and told in words where it was not there."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stacker.artifacts.errors import PipelineError

# the disk is full; a quota is used up; a file would become larger than `ulimit -f` or the file system has it
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
WAY_OUT = "make room, then run it again: `dvc repro` goes on with this stage"


def require_room(path: Path, needed: int) -> None:
    """See that the disk has room for a file or folder.

    Args:
        path: of what is about to be written.
        needed: bytes.

    Raises:
        PipelineError: it has not.
    """
    free = _find_free(path)
    if needed > free:
        raise PipelineError(
            f"{path} cannot be written: it needs {show_length(needed)}, and the disk has {show_length(free)} free: "
            f"{WAY_OUT}"
        )


@contextmanager
def told_of_room(path: Path, needed: int = 0) -> Iterator[None]:
    """Say in words that there was no room for `path` in the block, which removes what it had written.

    Args:
        path: of what is written.
        needed: bytes; 0 where that is not known before.

    Raises:
        PipelineError: there was not.
    """
    try:
        yield
    except OSError as error:
        if not _is_lack_of_room(error):
            raise
        free = show_length(_find_free(path))
        need = f"{show_length(needed)}, and the disk has {free} free" if needed else f"more than the {free} free there"
        said = os.strerror(error.errno or errno.ENOSPC)
        raise PipelineError(f"{path} cannot be written ({said}): it needs {need}: {WAY_OUT}") from None


def reserve(file: Path | int) -> None:
    """Take the room for a file, by path or descriptor, that has its length but not its content yet.

    Else a page of its memory map that finds no room kills the process.

    Raises:
        OSError: there is none.
    """
    if hasattr(os, "posix_fallocate"):  # not on macOS
        descriptor = os.open(file, os.O_RDWR) if isinstance(file, Path) else os.dup(file)
        try:
            os.posix_fallocate(descriptor, 0, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)


def show_length(count: float) -> str:
    """Bytes in a unit that fits."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:,.1f} TB"


def _find_free(path: Path) -> int:
    """Bytes that are free on the disk where `path` is to be: its folder need not be there yet."""
    return shutil.disk_usage(next(folder for folder in path.absolute().parents if folder.exists())).free


def _is_lack_of_room(error: OSError) -> bool:
    return error.errno in NO_ROOM or (error.errno is None and "free space" in str(error))  # the latter is NumPy's
