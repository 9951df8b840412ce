"""Starts the project's commands in milliseconds: a server that has imported all packages forks for each of them.

`python fork_server.py <socket>` serves; a `python` and a `dvc` in the clone's folder `bin` ask it. What a fork runs is
the clone's own `stages` and `stacker`, read from its files each time. Of other packages two things are not the real
ones, which would take most of the time: Keras' architectures and matplotlib's pictures (`tiny_architectures.py`).
Who kills what asked kills, a few milliseconds later, all that was forked for it.
"""

import contextlib
import gc
import importlib
import io
import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any, NoReturn

PACKAGES = (
    *("keras", "tensorflow", "openvino", "cv2", "PIL.Image", "h5py", "pydantic", "typer", "grimp", "yaml", "tqdm"),
    *("sklearn.linear_model", "sklearn.metrics", "sklearn.model_selection", "scipy.optimize", "matplotlib.pyplot"),
    *("dvc.cli", "dvc.repo", "dvc.repo.reproduce", "dvc.repo.status", "dvc.commands.repro", "dvc.commands.status"),
    *("dvc.commands.add", "dvc.commands.checkout", "dvc_data.index", "dvc.stage.cache", "dvc.output", "dvc.dependency"),
)
# Tiny networks gain nothing from a second thread, and the runs beside them lose.
ONE_THREAD = {
    f"{library}_NUM_{kind}THREADS": "1"
    for library, kind in (("OMP", ""), ("OPENBLAS", ""), ("TF", "INTRAOP_"), ("TF", "INTEROP_"))
}
# `python -IS client <program> <arguments>`: Python alone, without what would cost time at its start.
CLIENT = """
import json, os, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps([sys.argv[1:], os.getcwd(), dict(os.environ)]).encode()
    socket.send_fds(server, [len(request).to_bytes(4, "big")], [0, 1, 2])
    server.sendall(request)
    answer = server.recv(1)
sys.exit(answer[0] if answer else 137)
"""


def start_server(folder: Path, hash_seed: int) -> subprocess.Popen:
    """Start a server, and write into `folder` the programs `python` and `dvc` that ask it.

    Args:
        folder: an empty one.
        hash_seed: Python's, of all that is forked: what hangs on the order of a set differs between two servers.
    """
    address, client = str(folder / "server"), folder / "client.py"
    client.write_text(CLIENT.format(address=address), encoding="utf-8")
    for program in ("python", "dvc"):
        shim = folder / program
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -IS "{client}" {program} "$@"\n', encoding="utf-8")
        shim.chmod(0o755)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, __file__, address],
            env={**os.environ, **ONE_THREAD, "PYTHONHASHSEED": str(hash_seed), "DVC_NO_ANALYTICS": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    deadline = time.monotonic() + 120
    while not Path(address).exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError((folder / "server.log").read_text(encoding="utf-8"))
        time.sleep(0.05)
    return process


def serve(address: str) -> NoReturn:
    """Import all packages, then fork for every request."""
    os.environ["MPLBACKEND"] = "agg"
    for name in PACKAGES:
        importlib.import_module(name)
    from tiny_architectures import stand_in

    stand_in()
    gc.collect()
    gc.freeze()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who handles a request is reaped by the system
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    parent = os.getppid()
    while os.getppid() == parent:  # a test that was killed leaves no server behind
        if not select.select([listener], [], [], 1)[0]:
            continue
        connection, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            handle(connection)
        connection.close()
    sys.exit()


def handle(connection: socket.socket) -> NoReturn:
    """Fork for one request; its exit status goes back. Where nobody waits for it any more, it is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(connection, 4, 3)
    command, folder, environment = json.loads(receive(connection, int.from_bytes(head, "big")))
    worker = os.fork()
    if worker == 0:
        connection.close()
        work(command, folder, environment, streams)
    with contextlib.suppress(ProcessLookupError):
        os.setpgid(worker, worker)
    for stream in streams:
        os.close(stream)
    ended = os.pidfd_open(worker)
    ready, _, _ = select.select([connection, ended], [], [])
    if ended not in ready:
        os.killpg(worker, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    with contextlib.suppress(OSError):
        connection.sendall(bytes([status if status >= 0 else 128 - status]))
    os._exit(0)


def receive(connection: socket.socket, length: int) -> bytes:
    text = b""
    while len(text) < length:
        text += connection.recv(length - len(text))
    return text


def work(command: list[str], folder: str, environment: dict[str, str], streams: list[int]) -> NoReturn:
    """Become the process that was asked for."""
    os.setpgid(0, 0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment | ONE_THREAD)
    for name in ("stdout", "stderr"):
        setattr(sys, name, io.TextIOWrapper(open(1 + (name == "stderr"), "wb", closefd=False), "utf-8"))  # noqa: SIM115
    try:
        status: Any = run(command)
    except SystemExit as end:
        status = end.code
    except BaseException:  # this process never returns: whatever ended the command is shown, as the interpreter would
        traceback.print_exc()
        status = 1
    if isinstance(status, str):
        print(status, file=sys.stderr)
        status = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status or 0)


def run(command: list[str]) -> Any:
    program, *arguments = command
    if program == "dvc":
        from dvc.cli import main

        sys.argv = command
        return main(arguments)
    if arguments[:1] != ["-m"]:
        os.execv(sys.executable, [sys.executable, *arguments])  # noqa: S606
    sys.path[0] = os.getcwd()  # noqa: PTH109 - as Python does for `-m`
    sys.argv = ["-m", *arguments[2:]]
    runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    return 0


if __name__ == "__main__":
    serve(sys.argv[1])
