"""Download an archive and unpack it, refusing what would land outside the folder."""

import gzip
import hashlib
import lzma
import shutil
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath

import pooch
import requests

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.progress import open_progress


def download_archive(url: str, sha256: str | None) -> Path:
    """Download `url` with a progress bar into the temporary folder, and check its hash.

    Args:
        url: http, https, ftp or file.
        sha256: 64 hexadecimal digits; None accepts any content and prints the hash to pin.

    Raises:
        PipelineError: no network, no such file, or another hash. Nothing half-written stays.
    """
    folder = Path(tempfile.gettempdir()) / "stacking-pipeline-downloads"
    name = f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{PurePosixPath(url.split('?')[0]).name}"
    (folder / name).unlink(missing_ok=True) if sha256 is None else None
    if url.startswith("file://"):
        return _check_local(Path(url.removeprefix("file://")), sha256)
    try:
        with open_progress("downloading", 1, "bytes") as bar:  # pooch says how many once it knows
            path = pooch.retrieve(url, f"sha256:{sha256}" if sha256 else None, name, folder, progressbar=bar)
    except ValueError as error:  # what pooch raises for another hash, after removing the download
        raise PipelineError(
            f"{url} does not have the pinned hash: {error} If the file was replaced on purpose, look at it, then pin "
            "the new hash in fetch.*.sha256"
        ) from None
    except (requests.RequestException, OSError) as error:
        raise PipelineError(
            f"could not download {url}: {error}. Check the network and the address in fetch.*.url, or unpack the "
            "archive yourself, set `fetch: {}` and name the folder in `data.images`"
        ) from None
    if sha256 is None:
        print(f"downloaded {url}; to pin it, set sha256: {pooch.file_hash(path)}")
    return Path(path)


def _check_local(path: Path, sha256: str | None) -> Path:
    if not path.is_file():
        raise PipelineError(f"fetch.*.url: there is no file {path}")
    received = pooch.file_hash(str(path))
    if sha256 is None:
        print(f"read {path}; to pin it, set sha256: {received}")
    elif received != sha256:
        raise PipelineError(f"{path} does not have the pinned hash: expected {sha256}, received {received}")
    return path


def extract_archive(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar file; where all of it lies in one top folder, that folder's content.

    Raises:
        PipelineError: neither zip nor tar, damaged, or an entry is absolute, climbs out with `..`, or is a link or
            a device. Nothing is unpacked before every entry has been looked at.
    """
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                for entry in file.infolist():
                    _check_entry(archive, entry.filename, stat.S_ISLNK(entry.external_attr >> 16))
                file.extractall(folder)  # noqa: S202 - every entry was checked above
        elif tarfile.is_tarfile(archive):
            with tarfile.open(archive) as file:
                for member in file.getmembers():
                    _check_entry(archive, member.name, not (member.isfile() or member.isdir()))
                file.extractall(folder, filter="data")
                while file.fileobj and file.fileobj.read(1 << 20):  # tarfile stops short of gzip's checksum
                    pass
        else:
            raise PipelineError(f"{archive} is neither a zip nor a tar file")
    except (zipfile.BadZipFile, tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError) as error:
        raise PipelineError(f"{archive} is damaged: {error}; delete it and fetch again") from None
    _lift_single_folder(folder)


def _check_entry(archive: Path, name: str, is_special: bool) -> None:
    path = PurePosixPath(name.replace("\\", "/"))
    if is_special or path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
        raise PipelineError(f"{archive} holds {name!r}, which would land outside its folder: refused")


def _lift_single_folder(folder: Path) -> None:
    entries = list(folder.iterdir())
    if len(entries) != 1 or not entries[0].is_dir():
        return
    top = entries[0].rename(folder / ".lifted")
    for entry in top.iterdir():
        shutil.move(entry, folder / entry.name)
    top.rmdir()
