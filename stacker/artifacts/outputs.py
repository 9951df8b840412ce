"""Write a stage's outputs so that an interrupted or failed run leaves the previous ones as they were."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from stacker.artifacts.disk_room import require_room, told_of_room
from stacker.artifacts.scratch import remove_abandoned, scratch_folder

# What is still being written, or was left behind by a killed run: `.dvcignore` and `.gitignore` name the same.
PARTIAL = ".partial-"


@contextmanager
def replaced_directory(path: Path, needed: int = 0) -> Iterator[Path]:
    """Yield an empty directory beside `path` that takes its place only if the block succeeds.

    The old directory is moved aside first and deleted last, so that at every moment one of the two is whole. Where
    `path` is a link, the link is replaced, and what it points to stays.

    Args:
        path: of the directory.
        needed: bytes that it will take; 0 where that is not known before.

    Raises:
        PipelineError: the disk has no room for it.
    """
    with _scratch_beside(path, path.name, needed) as scratch:
        new, old = scratch / "new", scratch / "old"
        new.mkdir()
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


@contextmanager
def replaced_file(path: Path, needed: int = 0) -> Iterator[Path]:
    """Yield a path beside `path`, with the same suffix, that takes its place only if the block succeeds.

    The new file gets an inode of its own: the old one may be a read-only link into DVC's cache.

    Args:
        path: of the file.
        needed: bytes that it will take; 0 where that is not known before.

    Raises:
        PipelineError: the disk has no room for it.
    """
    with _scratch_beside(path, path.stem, needed) as scratch:
        yield scratch / path.name
        (scratch / path.name).replace(path)


@contextmanager
def _scratch_beside(path: Path, name: str, needed: int) -> Iterator[Path]:
    """A folder for what is to become `path`; those that killed runs left behind go.

    One that holds the old directory, as the run was killed before it could put the new one in its place, goes only when
    there is another that is whole.
    """
    prefix = f"{PARTIAL}{name}-"
    remove_abandoned(path.parent, prefix, keeping="old")
    target = Path(*(part for part in path.parts if not part.startswith(PARTIAL)))  # `path` may itself be in a scratch
    with told_of_room(target, needed):
        require_room(target, needed)
        path.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(path.parent, prefix) as scratch:
            yield scratch
    remove_abandoned(path.parent, prefix)
