"""One process killed and not its group: DVC, whose stage then goes on, or the stage, of which DVC is told."""

import os
import re
import signal
import time
from pathlib import Path

import pytest
from e2e.clone import Clone

from .disturbing import Started
from .ledger import note
from .project import forget
from .state import Reference, find_differences, find_processes, wait_for_processes

pytestmark = pytest.mark.faults
STAGE = "train@a"


def find_child(parent: int) -> int:
    """The process that DVC has started for a stage."""
    deadline = time.monotonic() + 60
    while not (children := Path(f"/proc/{parent}/task/{parent}/children").read_text().split()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return int(children[-1])


def judge(clone: Clone, reference: Reference, fault: str) -> None:
    clone.repro()
    differences = find_differences(clone, reference)
    note(fault, STAGE, not differences)
    assert differences == []
    assert wait_for_processes(clone) == []


def test_when_dvc_alone_is_killed_its_stage_goes_on_to_its_end_and_the_next_run_is_well(slow):
    clone, reference = slow
    forget(clone)
    started = Started(clone, "dvc", "repro")
    assert started.wait_for(f"Running stage '{STAGE}'")
    find_child(started.process.pid)
    os.kill(started.process.pid, signal.SIGKILL)
    started.process.wait()
    time.sleep(0.5)
    assert find_processes(clone) != []
    assert wait_for_processes(clone, 30) == []
    assert (clone.path / "models/members/a.h5").exists()
    judge(clone, reference, "SIGKILL of DVC alone")


def test_when_a_stage_alone_is_killed_dvc_says_so_and_the_next_run_is_well(slow):
    clone, reference = slow
    forget(clone)
    started = Started(clone, "dvc", "repro")
    assert started.wait_for(f"Running stage '{STAGE}'")
    os.kill(find_child(started.process.pid), signal.SIGKILL)
    assert started.finish() == 255
    assert re.search(rf"failed to reproduce '{STAGE}': failed to run: .*, exited with -9", started.output)
    judge(clone, reference, "SIGKILL of a stage alone")
