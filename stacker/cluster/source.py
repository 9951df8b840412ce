"""What travels to a worker: the commit and the uncommitted changes, as the tracked files are now. Nothing else does."""

import hashlib
import io
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from stacker.artifacts.errors import PipelineError

# An untracked file here would take part in `dvc repro`, and be missing where the workers are.
MUST_TRAVEL = ("stages", "stacker", "dvc.yaml", "params.yaml", "requirements.lock")


class Source(NamedTuple):
    """The project's tracked files.

    Attributes:
        archive: a tar file.
        digest: of the files' names and contents, in hexadecimal.
    """

    archive: bytes
    digest: str


def pack_source() -> Source:
    """The tracked files of this folder as they are now, without `dvc.lock`: what a worker needs of it, it is told.

    Raises:
        PipelineError: there is no Git repository here, or code or settings in it are not tracked.
    """
    names = sorted(name for name in _list_files("--cached") if name != "dvc.lock")
    missing = [name for name in _list_files("--others", "--", *MUST_TRAVEL) if not name.endswith((".pyc", "~"))]
    if missing:
        raise PipelineError(
            f"Git does not track {', '.join(missing)}: `stacker repro` gives its workers what Git tracks, and this "
            f"would be missing there: run `git add {missing[0]}`, or remove it; `dvc repro` alone needs neither"
        )
    stream, digest = io.BytesIO(), hashlib.sha256()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as archive:
        for name, path in _skip_deleted(names):
            archive.add(path, name, recursive=False)
            content = str(path.readlink()).encode() if path.is_symlink() else path.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return Source(stream.getvalue(), digest.hexdigest())


def list_links(places: list[str]) -> dict[str, str]:
    """Files and folders of the user's that the settings name by a relative path, and where they lie.

    Args:
        places: such as `data.images`, or a file with weights.

    Returns:
        By path as the settings have it the absolute one; those that Git tracks, or that are not there, are left out.
    """
    found = [place for place in places if not Path(place).is_absolute() and Path(place).exists()]
    return {place: str(Path(place).resolve()) for place in found if not _list_files("--cached", "--", place)}


def _skip_deleted(names: list[str]) -> Iterator[tuple[str, Path]]:
    for name in names:
        path = Path(PurePosixPath(name))
        if path.is_symlink() or path.is_file():  # a folder is a submodule, which takes no part
            yield name, path


def _list_files(*options: str) -> list[str]:
    finished = subprocess.run(["git", "ls-files", "-z", *options], capture_output=True)  # noqa: S603, S607 - Git's own
    if finished.returncode:
        raise PipelineError(
            f"Git says: {finished.stderr.decode(errors='replace').strip()}: `stacker repro` gives its workers what Git "
            "tracks; without Git, use `dvc repro`"
        )
    return [name for name in finished.stdout.decode("utf-8", "surrogateescape").split("\0") if name]
