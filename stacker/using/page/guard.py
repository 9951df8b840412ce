"""Who may ask the page's server for what: the first to see a request, before Gradio does. An ASGI application.

Gradio has routes for much that the page has no use for: it fetches addresses for whoever asks, keeps the history of
runs, and shows its own monitoring. What is not on the list below is not found.
"""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stacker.using.page.listening import LOOPBACK

Application = Callable[[Any, Any, Any], Awaitable[None]]

PATHS = {
    "/",
    "/config",
    "/favicon.ico",
    "/manifest.json",
    "/theme.css",
    "/gradio_api/info",
    "/gradio_api/cancel",
    "/gradio_api/queue/data",
    "/gradio_api/queue/join",
    "/gradio_api/reset",
    "/gradio_api/upload",
    "/gradio_api/upload_progress",
}
FOLDERS = ("/assets/", "/static/", "/gradio_api/heartbeat/")  # files of Gradio's own, which it keeps together
FILE = "/gradio_api/file="
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data: blob:; media-src 'self' blob:; connect-src 'self' blob: data:; font-src 'self'; "
        "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Guard:
    """Lets through what the page asks for; the browser is told to fetch nothing from elsewhere."""

    def __init__(self, application: Application, folder: Path, host: str):
        """Guard an application.

        Args:
            application: Gradio's.
            folder: of the uploads, and the examples: the only files that are served beside Gradio's own.
            host: what the server listens on.
        """
        self._application = application
        self._folder = folder
        self._hosts = LOOPBACK if host in LOOPBACK else None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer a request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self._application(scope, receive, send)
        elif scope["type"] == "http" and (status := self.check(scope["path"], read_headers(scope))):
            await send({"type": "http.response.start", "status": status, "headers": encode_headers()})
            await send({"type": "http.response.body", "body": b"The page has no such thing.\n"})
        elif scope["type"] == "http":
            await self._application(scope, receive, add_headers(send))

    def check(self, path: str, headers: Mapping[str, str]) -> int | None:
        """Why not to answer, as a status of HTTP; None where there is no reason.

        - A page elsewhere, open in the same browser, may neither ask this server nor pass its own name off as ours.
        - A file is served from the folder alone, wherever links and dots in its path lead.
        """
        host = headers.get("host", "")
        if self._hosts and urlsplit(f"//{host}").hostname not in self._hosts:
            return 403
        if "origin" in headers and urlsplit(headers["origin"]).netloc != host:
            return 403
        if path.startswith(FILE):
            return None if Path(os.path.realpath(path.removeprefix(FILE))).is_relative_to(self._folder) else 403
        return None if path in PATHS or path.startswith(FOLDERS) else 404


def read_headers(scope: Any) -> dict[str, str]:
    """The headers of a request, in lower case."""
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}


def encode_headers() -> list[tuple[bytes, bytes]]:
    """Ours, as ASGI has them."""
    return [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in HEADERS.items()]


def add_headers(send: Any) -> Any:
    """`send`, which puts our headers on every answer."""

    async def send_with_headers(message: Any) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *encode_headers()]}
        await send(message)

    return send_with_headers
