"""Download a file over HTTP: tried three times, and going on where it broke."""

import re
import shutil
import time
from pathlib import Path
from typing import NoReturn

import requests

from stacker.artifacts.disk_room import show_length
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.progress import Progress
from stacker.photos.url_text import hide_secrets

PAUSES = (2.0, 8.0)  # s, before the second and the third try
TIMEOUTS = (10.0, 30.0)  # s, to connect, and without a byte
CHUNK = 1 << 16  # bytes
MOST_OF_DISK = 0.95  # of what is free: with a full disk, more than this download ends
WORTH_ANOTHER_TRY = {408, 425, 429, 500, 502, 503, 504}
RANGE = re.compile(r"bytes (\d+)-")


class Broken(Exception):  # noqa: N818 - it says what happened, not that it is final
    """A try failed, and another one may not."""


class HttpDownload:
    """One file, and what is known of it between tries."""

    def __init__(self, url: str, partial: Path, is_pinned: bool, bar: Progress):
        """Begin, or go on.

        Args:
            url: http or https.
            partial: what has been received of it, by an earlier run too.
            is_pinned: is its hash known? Then it goes on with what an earlier run received: a wrong joint would show.
            bar: to move on, byte by byte.
        """
        self.url, self.partial, self.is_pinned, self.bar = url, partial, is_pinned, bar
        self.validator: str | None = None  # what the server calls this version of the file

    def receive(self) -> None:
        """Receive all that is missing.

        Raises:
            PipelineError: the server has no such file, or the disk no room.
            Broken: it failed as often as is tried.
        """
        for pause in (*PAUSES, None):
            try:
                self._try()
                return
            except Broken as error:
                if pause is None:
                    raise
                print(f"{hide_secrets(self.url)}: {error}; trying again in {pause:g} s")
                time.sleep(pause)

    def _try(self) -> None:
        if not (self.is_pinned or self.validator):
            self.partial.unlink(missing_ok=True)
        start = self.partial.stat().st_size if self.partial.exists() else 0
        headers = {"Accept-Encoding": "identity"}  # else what is counted is not what lies on the disk
        if start:
            headers["Range"] = f"bytes={start}-"
            headers |= {"If-Range": self.validator} if self.validator else {}
        try:
            with (
                open_session(self.url) as session,
                session.get(self.url, headers=headers, stream=True, timeout=TIMEOUTS) as response,
            ):
                self._read(response, start)
        except (requests.RequestException, OSError) as error:
            _explain(error)

    def _read(self, response: requests.Response, start: int) -> None:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            if response.headers.get("Content-Range") != f"bytes */{start}":  # else nothing was missing
                self.partial.unlink()
                raise Broken("what was received before does not belong to the file of today")
            return
        response.raise_for_status()
        found = RANGE.match(response.headers.get("Content-Range", ""))
        if response.status_code == requests.codes.partial_content and not (found and int(found[1]) == start):
            self.partial.unlink(missing_ok=True)
            raise Broken("the server sent another part than was asked for")
        goes_on = response.status_code == requests.codes.partial_content
        tag = response.headers.get("ETag", "W/")
        self.validator = response.headers.get("Last-Modified") if tag.startswith("W/") else tag
        self._write(response, start if goes_on else 0)

    def _write(self, response: requests.Response, start: int) -> None:
        told = response.headers.get("Content-Length", "")
        missing = int(told) if told.isdecimal() else 0
        free = shutil.disk_usage(self.partial.parent).free
        if missing > free:
            raise PipelineError(
                f"another {show_length(missing)} are to come, and the disk of {self.partial.parent} has "
                f"{show_length(free)} free"
            )
        room = missing or MOST_OF_DISK * free  # a server need not say how much is to come
        self.bar.n, self.bar.total = start, start + missing if missing else None
        with self.partial.open("ab" if start else "wb") as stream:
            for chunk in response.iter_content(CHUNK):
                room -= len(chunk)
                if room < 0:
                    raise PipelineError(
                        f"it does not end, and has filled {MOST_OF_DISK:.0%} of the {show_length(free)} that the disk "
                        f"of {self.partial.parent} had free"
                    )
                stream.write(chunk)
                self.bar.update(len(chunk))


def open_session(url: str) -> requests.Session:
    """Where a server may send us on to: http and https; from https on, to https alone."""
    session = requests.Session()
    if url.lower().startswith("https:"):
        del session.adapters["http://"]
    return session


def _explain(error: Exception) -> NoReturn:
    """Raises what a failed try means, in words without the address, which may hold a key."""
    if isinstance(error, requests.HTTPError) and error.response is not None:
        text = f"{error.response.status_code} {error.response.reason}"
        if error.response.status_code not in WORTH_ANOTHER_TRY:
            raise PipelineError(text) from None
        raise Broken(text) from None
    if isinstance(error, requests.exceptions.InvalidSchema):
        raise PipelineError(
            "the server sends on to an address that is not https, or not http either: refused"
        ) from None
    if isinstance(error, requests.Timeout):
        raise Broken(f"no answer within {max(TIMEOUTS):g} s") from None
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        raise Broken("the server broke off") from None
    if isinstance(error, requests.ConnectionError):
        cause = getattr(error.args[0], "reason", error) if error.args else error  # what urllib3 wraps names its pool
        raise Broken(f"the connection failed: {hide_secrets(str(cause))}") from None
    raise PipelineError(hide_secrets(str(error))) from None
