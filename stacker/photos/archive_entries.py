"""Look at what an archive holds before any of it is unpacked: names, links, and how large it becomes."""

import shutil
from pathlib import Path, PurePosixPath

from stacker.artifacts.disk_room import show_length
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.file_names import is_utf8, show_name

# What file managers add: macOS' Finder a folder beside the photos, and files in every folder; Windows likewise.
CLUTTER_FOLDERS = {"__MACOSX"}
CLUTTER_FILES = {".ds_store", "thumbs.db", "desktop.ini"}
MOST_RATIO = 100  # photos are packed already: an archive is about as large as they are together
LEAST_SUSPECT = 100 * 1000**2  # bytes, unpacked: what is smaller does no harm, and may be tiny blank pictures
BY_HAND = "If it is what you expect, unpack it yourself, set `fetch: {}` and name the folder in data.images"


class Inspection:
    """Looks at the entries of one archive, one by one, and refuses the first that must not be unpacked."""

    def __init__(self, archive: Path, folder: Path):
        """Begin.

        Args:
            archive: the file.
            folder: where it is to be unpacked.
        """
        self.archive = archive
        self.length = 0  # bytes, of all files so far
        self._free = shutil.disk_usage(folder).free
        self._most = max(LEAST_SUSPECT, MOST_RATIO * archive.stat().st_size)
        self._files: set[PurePosixPath] = set()
        self._folders: set[PurePosixPath] = set()

    def add(self, name: str, length: int, is_folder: bool) -> None:
        """Look at an entry.

        Args:
            name: as the archive has it.
            length: of the file, unpacked, in bytes.
            is_folder: is it a folder?

        Raises:
            PipelineError: it would land outside, has no name, one that is no UTF-8, or one that is a file and a folder;
                or all so far is too large.
        """
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
            raise self.refuse(name, "would land outside its folder")
        if not is_utf8(name) or not (path.parts or is_folder):
            raise self.refuse(name, "has no name, or one that is no UTF-8")
        folders = {path, *path.parents} if is_folder else {*path.parents}
        both = folders & self._files or ({path} & self._folders if not is_folder else set())
        if both:
            raise self.refuse(str(min(both)), "is a file and a folder in it")
        self._folders |= folders
        if not is_folder:
            self._files.add(path)
            self.length += length
        self._check_length()

    def holds(self, name: str) -> bool:
        """Has a file of this name been added?"""
        return PurePosixPath(name) in self._files

    def refuse(self, name: str, why: str) -> PipelineError:
        """The error that names an entry."""
        return PipelineError(f"{self.archive} holds {show_name(name)!r}, which {why}: refused")

    def _check_length(self) -> None:
        packed = self.archive.stat().st_size
        if self.length > self._free:
            raise PipelineError(
                f"{self.archive} needs {show_length(self.length)} or more when it is unpacked, and the disk has "
                f"{show_length(self._free)} free"
            )
        if self.length > self._most:
            raise PipelineError(
                f"{self.archive} has {show_length(packed)} and becomes {show_length(self.length)} or more, more than "
                f"{MOST_RATIO} times as much: no photos shrink so far. {BY_HAND}"
            )


def is_clutter(name: str) -> bool:
    """Is it something that a file manager added, and no photo?"""
    path = PurePosixPath(name)
    is_fork = path.name.startswith("._")  # where macOS keeps what other systems have no place for
    return is_fork or path.name.lower() in CLUTTER_FILES or not CLUTTER_FOLDERS.isdisjoint(path.parts)
