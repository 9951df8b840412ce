"""Write a stage's outputs so that an interrupted or failed run leaves the previous ones as they were."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# What is still being written, or was left behind by a killed run: `.dvcignore` and `.gitignore` name the same.
PARTIAL = ".partial-"


@contextmanager
def replaced_directory(path: Path) -> Iterator[Path]:
    """Yield an empty directory beside `path` that takes its place only if the block succeeds.

    The old directory is moved aside first and deleted last, so that at every moment one of the two is whole. Where
    `path` is a link, the link is replaced, and what it points to stays.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{PARTIAL}{path.name}-", dir=path.parent))
    new, old = scratch / "new", scratch / "old"
    new.mkdir()
    try:
        yield new
        is_there = path.is_symlink() or path.exists()
        if is_there:
            path.rename(old)
        try:
            new.rename(path)
        except OSError:
            if is_there:
                old.rename(path)
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)  # what resists stays behind under a name that nothing reads


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a path beside `path`, with the same suffix, that takes its place only if the block succeeds.

    The new file gets an inode of its own: the old one may be a read-only link into DVC's cache.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f"{PARTIAL}{path.stem}-", dir=path.parent))
    partial = scratch / path.name
    try:
        yield partial
        partial.replace(path)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
