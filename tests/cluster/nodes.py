"""A real Ray cluster of two nodes on this machine, which have nothing in common but the remote."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from e2e.clone import Clone

TOKEN = "a" * 64
RAY = str(Path(sys.executable).with_name("ray"))


def find_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Node:
    """One `ray start`, in a process group of its own."""

    def __init__(self, folder: Path, name: str, environment: dict[str, str], *options: str):
        self.name, self.folder = name, folder / name
        (self.folder / "tmp").mkdir(parents=True)
        ports = [
            f"--{kind}-port={find_port()}" for kind in ("dashboard-agent-listen", "node-manager", "object-manager")
        ]
        command = [RAY, "start", "--block", "--disable-usage-stats", "--num-cpus=1", f"--node-name={name}"]
        command += ["--node-ip-address=127.0.0.1", "--object-store-memory=100000000", *ports, *options]
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env={**environment, "TMPDIR": str(self.folder / "tmp")},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait(self) -> None:
        deadline = time.monotonic() + 90
        while "Ray runtime started" not in (self.folder / "log").read_text():
            is_late = self.process.poll() is not None or time.monotonic() > deadline
            assert not is_late, (self.folder / "log").read_text()
            time.sleep(0.1)

    def kill(self) -> None:
        """As if the machine had lost its power: all that runs on it is gone at once."""
        found = [self.process.pid]
        for pid in found:
            with contextlib.suppress(OSError):
                for task in Path(f"/proc/{pid}/task").iterdir():
                    found += [int(child) for child in (task / "children").read_text().split()]
        for pid in found:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def two_nodes(folder: Path, clone: Clone, has_jobs: bool = False, **second: str) -> Iterator[tuple[str, Node, Node]]:
    """Start them; what `clone` runs then knows the token.

    Args:
        folder: an empty one.
        clone: whose stages they will run.
        has_jobs: is there a server for jobs, whose address is yielded then?
        second: variables of the second node alone.

    Yields:
        The address, and both.
    """
    clone.environment |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": TOKEN, "SPT_NOENV": "1"}
    clone.environment |= {"RAY_health_check_period_ms": "1000", "RAY_health_check_failure_threshold": "10"}
    dashboard = find_port()
    port, temporary = find_port(), tempfile.mkdtemp(prefix="sr-", dir="/tmp")  # noqa: S108 - sockets need short paths
    head = ["--head", f"--port={port}", f"--temp-dir={temporary}", f"--include-dashboard={str(has_jobs).lower()}"]
    head += [f"--dashboard-port={dashboard}"] if has_jobs else []
    nodes = [Node(folder, "one", clone.environment, *head)]
    try:
        nodes[0].wait()
        nodes.append(Node(folder, "two", {**clone.environment, **second}, f"--address=127.0.0.1:{port}"))
        nodes[1].wait()
        yield f"http://127.0.0.1:{dashboard}" if has_jobs else f"127.0.0.1:{port}", nodes[0], nodes[1]
    finally:
        for node in nodes:
            node.kill()
        shutil.rmtree(temporary, ignore_errors=True)
