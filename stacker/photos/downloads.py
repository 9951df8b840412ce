"""Bring an archive to this machine and check its hash; what was downloaded is kept in the user's cache folder."""

import ftplib
import hashlib
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import pooch
from filelock import FileLock, Timeout

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.progress import open_progress
from stacker.photos.http_download import Broken, HttpDownload
from stacker.photos.url_text import hide_secrets

CACHE = "stacking-pipeline"  # below the folder that the system has for caches, such as ~/.cache

FAILED: tuple[type[Exception], ...] = (Broken, PipelineError, *ftplib.all_errors)  # OSError is one of FTP's
LONGEST = 80  # characters of the file's own name that are kept


def download_archive(url: str, sha256: str | None) -> Path:
    """Download `url` with a progress bar, or take it from the cache, and check its hash.

    A download that broke goes on from there, in this run or, where its hash is pinned, in the next one.

    Args:
        url: http, https, ftp or file.
        sha256: 64 hexadecimal digits; None accepts any content and prints the hash to pin.

    Raises:
        PipelineError: no network, no such file, no room for it, or another hash. What is not whole does not pass.
    """
    if url.startswith("file://"):
        return _check_local(Path(url.removeprefix("file://")), sha256)
    path = locate_download(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    with _waiting_lock(path):
        if sha256 is None or not path.is_file() or pooch.file_hash(str(path)) != sha256:
            path.unlink(missing_ok=True)
            partial = path.with_name(f"{path.name}.partial")
            _receive_checked(url, partial, sha256)
            partial.replace(path)
    if sha256 is None:
        print(f"downloaded {hide_secrets(url)}; to pin it, set sha256: {pooch.file_hash(str(path))}")
    return path


def locate_download(url: str) -> Path:
    """Where the download of `url` is kept."""
    name = f"{hashlib.sha256(url.encode()).hexdigest()[:12]}-{PurePosixPath(urlsplit(url).path).name[-LONGEST:]}"
    return Path(pooch.os_cache(CACHE)) / "downloads" / name


def _waiting_lock(path: Path) -> FileLock:
    """A lock on a download: two runs at once would write into the same file."""
    lock = FileLock(path.with_name(f"{path.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"another run is downloading {path.name}: waiting for it")
        return lock
    lock.release()
    return lock


def _receive_checked(url: str, partial: Path, sha256: str | None) -> None:
    """Receive all of `url`; where what an earlier run left does not fit, once more from its beginning."""
    was_begun = sha256 is not None and partial.exists()
    _receive(url, partial, sha256 is not None)
    if sha256 is None or pooch.file_hash(str(partial)) == sha256:
        return
    received = pooch.file_hash(str(partial))
    partial.unlink()
    if was_begun:
        print(f"{hide_secrets(url)}: what an earlier run had received does not belong to it; beginning anew")
        _receive_checked(url, partial, sha256)
        return
    raise PipelineError(
        f"{hide_secrets(url)} does not have the pinned hash: expected {sha256}, received {received}. If the file was "
        "replaced on purpose, look at it, then pin the new hash in fetch.*.sha256"
    )


def _receive(url: str, partial: Path, is_pinned: bool) -> None:
    try:
        with open_progress("downloading", 0, "bytes") as bar:
            if url.startswith("ftp://"):
                pooch.FTPDownloader(progressbar=bar)(url, str(partial), None)
            else:
                HttpDownload(url, partial, is_pinned, bar).receive()
    except FAILED as error:
        is_kept = is_pinned and isinstance(error, Broken) and partial.exists() and partial.stat().st_size > 0
        kept = " What was received is kept, and the next run goes on from there." if is_kept else ""
        if not is_kept:
            partial.unlink(missing_ok=True)
        raise PipelineError(
            f"could not download {hide_secrets(url)}: {hide_secrets(str(error))}.{kept} Check the network and the "
            "address in fetch.*.url, or unpack the archive yourself, set `fetch: {}` and name the folder in "
            "`data.images`"
        ) from None


def _check_local(path: Path, sha256: str | None) -> Path:
    if not path.is_file():
        raise PipelineError(f"fetch.*.url: there is no file {path}")
    received = pooch.file_hash(str(path))
    if sha256 is None:
        print(f"read {path}; to pin it, set sha256: {received}")
    elif received != sha256:
        raise PipelineError(f"{path} does not have the pinned hash: expected {sha256}, received {received}")
    return path
