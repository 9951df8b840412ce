"""What Ray runs on a node for one stage. It travels there as it is, so that it may use Python's own library alone."""

import contextlib
import fcntl
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ASKED = ("stage", "inputs", "entries", "demands")  # what the runner is told of a task
POLL_SECONDS = 0.1
NOT_THE_USERS = ("OMP_NUM_THREADS", "RAY_")  # Ray's own: a stage runs as it does under `dvc repro`


def work(task: dict[str, Any], archive: bytes) -> Iterator[dict[str, Any]]:
    """Run one stage in a clone, and tell what happens meanwhile.

    Args:
        task: `stage`, `inputs`, `entries`, `demands` as the runner takes them; `home`, the folder for clones, below the
            folder for temporary files where it is no absolute one; `digest` of the archive; `links` of the user's
            files; `settings` of DVC; `cores` that the stage is held to, or none; `gpus`, whether it has some of its
            own; `environment`, its variables, or none for those of this node.
        archive: the project's tracked files.

    Yields:
        `{host, node}`, the machine's name and Ray's number of it, once it begins; `{log}` with what was printed since;
        at the end what the runner answers.
    """
    yield {"host": socket.gethostname(), "node": _find_node()}
    home = Path(tempfile.gettempdir(), task["home"])
    with _take_slot(home) as (slot, lock):
        clone = _unpack(slot, task, archive)
        request, answer = slot / "request.json", slot / "answer.json"
        answer.unlink(missing_ok=True)
        request.write_text(json.dumps({key: task[key] for key in ASKED}), encoding="utf-8")
        with (slot / "log").open("w+b") as log:
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "stacker.cluster.runner", str(request), str(answer)],
                cwd=clone,
                env=_make_environment(task),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[lock],  # the clone is free when all that works in it has ended
                preexec_fn=_hold_to(task["cores"], int(slot.name)),
            )
            try:
                yield from _follow(process, slot / "log")
            finally:
                _end(process)
            if process.returncode >= 0:
                (slot / "digest").write_text(task["digest"])
        yield json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {"code": process.returncode or 1}


def _follow(process: subprocess.Popen[bytes], log: Path) -> Iterator[dict[str, Any]]:
    with log.open(encoding="utf-8", errors="replace") as stream:
        while True:
            has_ended = process.poll() is not None
            if text := stream.read():
                yield {"log": text}
            if has_ended:
                return
            time.sleep(POLL_SECONDS)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of the process and of all that it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def _take_slot(home: Path) -> Iterator[tuple[Path, int]]:
    """The first folder for a clone that nobody works in, and the descriptor of its lock."""
    for number in range(10_000):
        slot = home / str(number)
        slot.mkdir(parents=True, exist_ok=True)
        lock = os.open(slot / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        try:
            yield slot, lock
        finally:
            os.close(lock)
        return


def _find_node() -> str:
    import ray  # it runs this

    return str(ray.get_runtime_context().get_node_id())


def _unpack(slot: Path, task: dict[str, Any], archive: bytes) -> Path:
    """The clone in a slot; one of another source, or in which DVC was killed, is made anew."""
    clone, mark = slot / "project", slot / "digest"
    if not mark.exists() or mark.read_text() != task["digest"]:
        for folder in (clone, slot / "site"):
            shutil.rmtree(folder, ignore_errors=True)
        with tarfile.open(fileobj=io.BytesIO(archive)) as files:
            files.extractall(clone, filter="tar")  # links that Git tracks may lead out of the project
        settings = task["settings"].replace("{slot}", str(slot)).replace("{home}", str(slot.parent))
        (clone / ".dvc/config.local").write_text(settings, encoding="utf-8")
        for name, target in task["links"].items():
            place = clone / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.exists():
                place.symlink_to(target)
    mark.unlink(missing_ok=True)  # until DVC has ended by itself: a killed one may leave its own files cut short
    return clone


def _make_environment(task: dict[str, Any]) -> dict[str, str]:
    given = task["environment"]
    found = {**os.environ} if given is None else {**given}
    kept = {name: value for name, value in found.items() if given is not None or not name.startswith(NOT_THE_USERS)}
    if given is None:  # the environment that Ray runs in is the stages' too
        kept["PATH"] = os.pathsep.join([kept.get("PATH", os.defpath), str(Path(sys.executable).parent)])
    if task["gpus"] and "CUDA_VISIBLE_DEVICES" in os.environ:  # those that Ray has set aside for this stage
        kept["CUDA_VISIBLE_DEVICES"] = os.environ["CUDA_VISIBLE_DEVICES"]
    return kept


def _hold_to(cores: int | None, slot: int) -> Any:
    """What holds a process to some of the machine's cores: those of its slot, where there are so many."""
    if cores is None or not hasattr(os, "sched_setaffinity"):
        return None
    all_cores = sorted(os.sched_getaffinity(0))
    own = all_cores[slot * cores : (slot + 1) * cores]
    return (lambda: os.sched_setaffinity(0, own)) if len(own) == cores else None
