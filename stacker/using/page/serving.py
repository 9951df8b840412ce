"""Serve the page: on this machine alone unless told otherwise, without the internet. Needs Gradio."""

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stacker.using.page.answering import Answering, Photo
from stacker.using.page.examples import Rows
from stacker.using.page.guard import Application, Guard
from stacker.using.page.style import CSS
from stacker.using.page.uploads import MOST_BYTES

# Read when Gradio is imported: nothing is sent or fetched; and what a shell has set for other pages opens nothing here.
OFFLINE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
UNWANTED = ("GRADIO_DEFAULT_CONCURRENCY_LIMIT", "GRADIO_LOCAL_DEV_MODE", "GRADIO_VIBE_MODE", "GRADIO_WATCH_DIRS")
PATIENCE = 2  # seconds, with requests that run when the server stops: an open page never ends its own


def serve_page(
    answering: Answering, examples: Sequence[Photo], validation: Rows | None, listener: socket.socket, host: str
) -> None:
    """Serve the page until Ctrl-C; its address goes to standard output as soon as it can be opened.

    Args:
        answering: what answers.
        examples: photos to click on.
        validation: what the model predicted of the validation split, where that is at hand.
        listener: where to listen.
        host: as the user said it.
    """
    with tempfile.TemporaryDirectory(prefix="stacker-demo-") as name:
        folder = Path(os.path.realpath(name))
        prepare_environment(folder)
        application = Guard(build_application(answering, examples, validation), folder, host)
        signal.signal(
            signal.SIGTERM, lambda *_: sys.exit(0)
        )  # a polite kill lets the folder be removed, as Ctrl-C does
        shown = f"[{host}]" if ":" in host else host
        with suppress(KeyboardInterrupt):
            print(f"http://{shown}:{listener.getsockname()[1]} (Ctrl-C ends it)", flush=True)
            run_server(application, listener)


def prepare_environment(folder: Path) -> None:
    """Tell Gradio, which is not imported yet, where uploads go, and that it is to stay offline."""
    os.environ.update(OFFLINE, GRADIO_TEMP_DIR=str(folder))
    for name in UNWANTED:
        os.environ.pop(name, None)


def build_application(answering: Answering, examples: Sequence[Photo], validation: Rows | None) -> Application:
    """The page as an ASGI application, with all of Gradio switched off that it has no use for."""
    import gradio
    from fastapi import FastAPI

    from stacker.using.page.layout import build_page, choose_theme

    application: Application = gradio.mount_gradio_app(
        FastAPI(),
        build_page(answering, examples, validation),
        path="/",
        footer_links=[],
        run_history=False,
        allowed_paths=[],
        show_error=False,
        max_file_size=MOST_BYTES,
        ssr_mode=False,
        enable_monitoring=False,
        pwa=False,
        mcp_server=False,
        theme=choose_theme(),
        css=CSS,
    )
    return application


def run_server(application: Application, listener: socket.socket) -> None:
    """Answer requests until a signal; uvicorn passes it on when it has stopped."""
    import uvicorn

    config = uvicorn.Config(
        application, log_level="warning", proxy_headers=False, server_header=False, timeout_graceful_shutdown=PATIENCE
    )
    uvicorn.Server(config).run(sockets=[listener])
