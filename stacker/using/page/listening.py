"""The address that the page is served at; apart from the serving, which takes seconds to load."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from stacker.artifacts.errors import PipelineError

HERE = "127.0.0.1"
LOOPBACK = (HERE, "localhost", "::1")  # what no other machine reaches


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
