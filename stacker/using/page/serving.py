"""Serve the page: on this machine alone unless told otherwise, without the internet. Needs Gradio."""

import os
import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stacker.artifacts.errors import PipelineError
from stacker.using.page.answering import Answering, Photo
from stacker.using.page.examples import Rows
from stacker.using.page.guard import Application, Guard
from stacker.using.page.style import CSS
from stacker.using.page.uploads import MOST_BYTES

# Read when Gradio is imported: nothing is sent or fetched; and what a shell has set for other pages opens nothing here.
OFFLINE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1", "HF_HUB_OFFLINE": "1"}
UNWANTED = ("GRADIO_DEFAULT_CONCURRENCY_LIMIT", "GRADIO_LOCAL_DEV_MODE", "GRADIO_VIBE_MODE", "GRADIO_WATCH_DIRS")


@contextmanager
def listen(host: str, port: int) -> Iterator[socket.socket]:
    """A socket on an address; opened before anything else, as loading a model takes seconds.

    Raises:
        PipelineError: there is no such address, or it is taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.create_server(address[:2], family=family)
    except OSError as error:
        raise PipelineError(
            f"cannot listen on {host}, port {port} ({error.strerror}): name others by --host and --port"
        ) from error
    with listener:
        yield listener


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
        application = build_application(answering, examples, validation)
        shown = f"[{host}]" if ":" in host else host
        print(f"http://{shown}:{listener.getsockname()[1]} (Ctrl-C ends it)", flush=True)
        run_server(Guard(application, folder, host), listener)


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
    """Answer requests until Ctrl-C."""
    import uvicorn

    config = uvicorn.Config(application, log_level="warning", proxy_headers=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])
