"""A Python that has imported what stages import, and splits off a process for each: imports take seconds.

`python -m stacker.cluster.warm_server <socket> <package>...` ends with its standard input, and all with it. A process
that it splits off has nothing of this project imported, is in a session of its own and ends when its client does.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import Any, NamedTuple

from stacker.cluster.lifeline import end_with_parent

PEAK = "STACKER_PEAK"  # the variable that names the file for the memory that a process took at most, in bytes
OURS = ("stages", "stacker")  # of which each clone has its own
PR_SET_PDEATHSIG = 1  # of Linux's prctl: the signal that a process gets when the one that began it is gone


class Begun(NamedTuple):
    """A process that was split off.

    Attributes:
        line: to its client.
        pid: its number.
        peak: the file for the memory that it took; None where nobody asks.
    """

    line: socket.socket
    pid: int
    peak: str | None


class Server:
    """Splits off a process for each client of a socket, and tells the client how it ended."""

    def __init__(self, listener: socket.socket):
        self._listener, self._selector = listener, selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._begun: dict[int, Begun] = {}  # by the descriptor of the process

    def serve(self) -> dict[str, Any]:
        """Returns in the processes that are split off, and in them alone: what the client asked for."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is self._listener:
                    if asked := self._begin():
                        return asked
                elif key.data is None:
                    self._end(key.fd)
                elif key.data in self._begun:  # its client says nothing more: it is gone
                    self._selector.unregister(key.fileobj)
                    kill(self._begun[key.data].pid)

    def _begin(self) -> dict[str, Any] | None:
        line, _ = self._listener.accept()
        asked, files = receive(line)
        if asked is None:  # the client was gone at once
            line.close()
            return None
        pid = os.fork()
        if pid == 0:
            self._close(line)
            become(asked, files)
            return asked
        for number in files:
            os.close(number)
        process = os.pidfd_open(pid)
        self._begun[process] = Begun(line, pid, asked["environment"].get(PEAK))
        self._selector.register(process, selectors.EVENT_READ)
        self._selector.register(line, selectors.EVENT_READ, process)
        return None

    def _close(self, line: socket.socket) -> None:
        """What a new process has of the server."""
        self._selector.close()
        for connection in (self._listener, line, *(begun.line for begun in self._begun.values())):
            connection.close()
        for process in self._begun:
            os.close(process)

    def _end(self, process: int) -> None:
        begun = self._begun.pop(process)
        _, status, usage = os.wait4(begun.pid, 0)
        if begun.peak:
            with Path(begun.peak).open("a", encoding="ascii") as file:
                file.write(f"{usage.ru_maxrss * 1024}\n")  # the system counts in KiB
        with contextlib.suppress(KeyError):  # the client was gone before
            self._selector.unregister(begun.line)
        with begun.line, contextlib.suppress(OSError):  # it goes just now
            begun.line.sendall(str(os.waitstatus_to_exitcode(status)).encode())
        self._selector.unregister(process)
        os.close(process)


def receive(line: socket.socket) -> tuple[dict[str, Any] | None, list[int]]:
    """What a client asks for, and its standard streams; None where it did not come to its end."""
    head, files, _, _ = socket.recv_fds(line, 8, 3)
    size, text = int.from_bytes(head, "big"), b""
    while len(text) < size and (part := line.recv(size - len(text))):
        text += part
    if text and len(text) == size:
        return json.loads(text), files
    for number in files:
        os.close(number)
    return None, []


def become(asked: dict[str, Any], files: list[int]) -> None:
    """Make this new process that of the client, as if it had been started there."""
    os.setsid()
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for target, number in enumerate(files):
        os.dup2(number, target)
        os.close(number)
    os.chdir(asked["folder"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    sys.argv = ["-m", *asked["arguments"][1:]]
    sys.path[0] = asked["folder"]
    for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
        del sys.modules[name]
    importlib.invalidate_caches()


def kill(pid: int) -> None:
    """Kill a process with all that it has started in its session."""
    for how in (os.kill, os.killpg):
        with contextlib.suppress(ProcessLookupError):
            how(pid, signal.SIGKILL)


def main(address: str, packages: list[str]) -> str:
    """Returns in new processes alone: the module that is to be run."""
    end_with_parent()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen(64)  # clients wait while this imports
        for package in packages:
            importlib.import_module(package)
        gc.freeze()  # what is there stays shared with the processes to come
        return str(Server(listener).serve()["arguments"][0])


if __name__ == "__main__":
    runpy.run_module(main(sys.argv[1], sys.argv[2:]), run_name="__main__", alter_sys=True)
