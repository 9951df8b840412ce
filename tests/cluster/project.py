"""Projects whose stages a stub stands in for, as `stacker repro` finds them, and what becomes of a run."""

import os
import re
import signal
import time
from pathlib import Path

from e2e.clone import Clone
from faults.disturbing import Started
from faults.project import clone_stubbed_project, forget
from faults.state import find_processes, read_outputs, run_undisturbed, wait_for_processes

__all__ = ["find_processes", "forget", "read_outputs", "run_undisturbed", "start", "wait_for_processes"]
REPRO = ("python", "-m", "stacker", "repro")


def clone_slow_project(folder: Path, seconds: float = 2) -> Clone:
    """A project of two members whose `train` takes seconds; a file `fail` beside it lets `train b` fail."""
    clone = clone_stubbed_project(folder)
    shim = clone.path.parent / "bin/python"
    first, _, rest = shim.read_text(encoding="utf-8").partition("\n")
    fails = f'[ "$2 $3" = "stages.train b" ] && [ -e "{folder}/fail" ] && {{ echo "no luck"; exit 3; }}'
    shim.write_text(
        f'{first}\n{fails}\ncase "$2" in stages.train) echo at work; sleep {seconds} ;; esac\n{rest}', encoding="utf-8"
    )
    return clone


def start(clone: Clone, *options: str) -> Started:
    """Start `stacker repro` with two jobs. It hears Ctrl-C even where the tests run in the background, and do not."""
    return Started(clone, *REPRO, "--jobs", "2", *options, before=_hear_interrupts)


def _hear_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def list_changes(output: str, state: str) -> list[str]:
    """The stages that came to a state, in that order."""
    return re.findall(rf"^(\S+): {state}\b", output, flags=re.MULTILINE)


def kill_process(clone: Clone, sign: str) -> None:
    """Kill the processes of the project whose command line holds `sign`."""
    mark = f"FAULTS_PROJECT={clone.environment['FAULTS_PROJECT']}".encode()
    killed = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if sign in (folder / "cmdline").read_text() and mark in (folder / "environ").read_bytes().split(b"\0"):
                os.kill(int(folder.name), signal.SIGKILL)
                killed += 1
        except OSError:
            continue
    assert killed, find_processes(clone)


def wait_until(is_so, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def without_lock(outputs: dict[str, str]) -> dict[str, str]:
    """All but `dvc.lock`, whose stages stand in the order in which they first ran: an interrupted run has another."""
    return {path: digest for path, digest in outputs.items() if path != "dvc.lock"}
