"""Unpack an archive, refusing what would land outside the folder or is not what it seems."""

import lzma
import shutil
import stat
import tarfile
import zipfile
import zlib
from pathlib import Path

from stacker.artifacts.disk_room import show_length
from stacker.artifacts.errors import PipelineError
from stacker.photos.archive_entries import BY_HAND, Inspection, is_clutter

ENCRYPTED = 0x1  # a flag of a zip's entry
UNREADABLE_METHODS = {9: "Deflate64, which Windows takes for more than 2 GB", 93: "Zstandard", 95: "XZ", 98: "PPMd"}
READABLE = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
# What a damaged archive raises; a name that claims to be UTF-8 and is not is a UnicodeDecodeError.
DAMAGED = (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, UnicodeDecodeError)


def extract_archive(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar file; where all of it lies in one top folder, that folder's content.

    What file managers add, such as `__MACOSX` and `.DS_Store`, is left out.

    Args:
        archive: the file.
        folder: where to, empty.

    Raises:
        PipelineError: neither zip nor tar, damaged, encrypted, packed in a way that cannot be read, too large for the
            disk or suspiciously large; or an entry is absolute, climbs out with `..`, is a link that leads out, a
            symbolic link or a device, or the name of a file and a folder. Nothing is unpacked before every entry has
            been looked at.
    """
    inspection = Inspection(archive, folder)
    try:
        if zipfile.is_zipfile(archive):
            _extract_zip(inspection, folder)
        elif tarfile.is_tarfile(archive):
            _extract_tar(inspection, folder)
        else:
            raise PipelineError(f"{archive} is neither a zip nor a tar file")
    except DAMAGED as error:
        raise _describe_damage(archive, error) from None
    except NotImplementedError as error:  # a zip of a later version than Python knows
        raise PipelineError(f"{archive} cannot be unpacked: {error}. {BY_HAND}") from None
    except OSError as error:
        if error.errno is None:  # what gzip and bz2 raise
            raise _describe_damage(archive, error) from None
        raise PipelineError(
            f"{archive} cannot be unpacked to {folder}, which needs {show_length(inspection.length)}: {error}"
        ) from None
    _lift_single_folder(folder)


def _describe_damage(archive: Path, error: Exception) -> PipelineError:
    return PipelineError(f"{archive} is damaged: {error}; delete it and fetch again")


def _extract_zip(inspection: Inspection, folder: Path) -> None:
    with zipfile.ZipFile(inspection.archive) as file:
        entries = []
        for entry in file.infolist():
            entry.filename = entry.filename.replace("\\", "/")  # as some programs of Windows write it
            if is_clutter(entry.filename):
                continue
            if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise inspection.refuse(entry.filename, "is a link or a device")
            inspection.add(entry.filename, entry.file_size, entry.filename.endswith("/"))
            _check_packing(inspection.archive, entry)
            entries.append(entry)
        file.extractall(folder, entries)  # noqa: S202 - every entry was checked above


def _check_packing(archive: Path, entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & ENCRYPTED:
        raise PipelineError(
            f"{archive} is encrypted ({entry.filename!r}): unpack it yourself with its password, set `fetch: {{}}` and "
            "name the folder in data.images, or pack it again without one"
        )
    if entry.compress_type not in READABLE:
        name = UNREADABLE_METHODS.get(entry.compress_type, f"number {entry.compress_type}")
        raise PipelineError(
            f"{archive} holds {entry.filename!r} packed by a method that Python does not know ({name}): unpack it with "
            "another program, such as 7-Zip, and pack it again as zip with the method deflate, or as tar"
        )


def _extract_tar(inspection: Inspection, folder: Path) -> None:
    with tarfile.open(inspection.archive) as file:
        members = []
        for member in file:
            member.name = member.name.replace("\\", "/")
            if not is_clutter(member.name):
                _check_kind(inspection, member)
                inspection.add(member.name, 0 if member.islnk() else member.size, member.isdir())
                members.append(member)
        _check_end(file)
        file.extractall(folder, members, filter="data")
        while file.fileobj and file.fileobj.read(1 << 20):  # tarfile stops short of gzip's checksum
            pass


def _check_kind(inspection: Inspection, member: tarfile.TarInfo) -> None:
    """Refuse all but files, folders, and second names of a file: GNU tar makes such of hard links."""
    if member.issym():
        raise inspection.refuse(member.name, "is a symbolic link (`tar --dereference` packs what it leads to)")
    if not (member.isfile() or member.isdir() or member.islnk()):
        raise inspection.refuse(member.name, "is a device, or of a kind that is not known")
    if member.islnk() and not inspection.holds(member.linkname):
        raise inspection.refuse(member.name, f"is a link to {member.linkname!r}, no file before it in the archive")


def _check_end(file: tarfile.TarFile) -> None:
    """At a header that it cannot read, tarfile stops as at the end, and says nothing."""
    stream = file.fileobj
    if stream is not None:
        stream.seek(file.offset)
        if stream.read(tarfile.BLOCKSIZE).strip(b"\0"):
            raise tarfile.ReadError(f"what follows {file.offset:,} bytes is no entry")


def _lift_single_folder(folder: Path) -> None:
    entries = list(folder.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        return
    top = entries[0].rename(folder / ".lifted")
    for entry in top.iterdir():
        shutil.move(entry, folder / entry.name)
    top.rmdir()
