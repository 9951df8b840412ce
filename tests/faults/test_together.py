"""Two commands at once, and a queue of experiments with two workers. The stages are stood in for."""

import csv
import io
import time

import pytest
from e2e.clone import Clone

from .disturbing import Started
from .ledger import note
from .project import forget
from .state import find_differences, find_processes, wait_for_processes

pytestmark = pytest.mark.faults
STRENGTHS = (1, 2)
LOSS = "metrics/ensemble.json:heldout.log_loss"
LONGEST = 180.0  # seconds, for two experiments


@pytest.mark.parametrize("wait", [(), ("--wait-for-lock",)], ids=["at once", "with --wait-for-lock"])
def test_a_second_run_is_refused_and_the_first_ends_well(slow, wait):
    """DVC's option waits for one of its two locks, not for the one that another run holds."""
    clone, reference = slow
    forget(clone)
    first = Started(clone, "dvc", "repro")
    assert first.wait_for("Running stage 'train@a'"), first.output
    second = Started(clone, "dvc", *wait, "repro")

    assert second.finish() == 255
    assert f"(PID {first.process.pid})" in second.output
    assert "is busy, it is being blocked by:" in second.output
    assert "Traceback" not in second.output
    assert first.finish() == 0, first.output
    differences = find_differences(clone, reference)
    note("second `dvc repro` beside the first", "train", not differences)
    assert differences == []
    assert wait_for_processes(clone) == []


def test_of_two_runs_that_start_together_one_ends_well(slow):
    clone, reference = slow
    for _ in range(3):
        forget(clone)
        both = [Started(clone, "dvc", "repro") for _ in range(2)]
        codes = [one.finish() for one in both]
        assert 0 in codes, [one.output for one in both]
        assert [one.output for one, code in zip(both, codes, strict=True) if code and "busy" not in one.output] == []
        differences = find_differences(clone, reference)
        note("two `dvc repro` started together", "check", not differences)
        assert differences == []


def test_two_experiments_of_a_queue_with_two_workers_end_as_if_run_alone(slow):
    clone, reference = slow
    forget(clone)
    clone.repro()
    clone.commit("main")
    for strength in STRENGTHS:
        options = ("--name", f"queued-{strength}", "--set-param", f"++training.C={strength}")
        clone.dvc("exp", "run", "--queue", *options)
    try:
        clone.dvc("queue", "start", "--jobs", "2")
        wait_for_queue(clone)
    finally:
        clone.dvc("queue", "stop", "--kill")
    assert wait_for_processes(clone, 30) == []
    assert [line for line in find_differences(clone, reference) if line.startswith(("other", "missing"))] == []

    queued = read_losses(clone)
    for strength in STRENGTHS:
        alone = ("--name", f"alone-{strength}", "--set-param", f"++training.C={strength}")
        clone.dvc("exp", "run", *alone, "--force")
        clone.git("checkout", "--force", "--quiet", "main")
    losses = read_losses(clone)
    for strength in STRENGTHS:
        is_equal = queued[f"queued-{strength}"] == losses[f"alone-{strength}"]
        note("`dvc exp run --queue`, two workers", f"experiment {strength}", is_equal)
        assert is_equal
    assert losses["alone-1"] != losses["alone-2"]


def wait_for_queue(clone: Clone) -> None:
    """Wait until nothing is queued or running; a worker that sleeps over a run is helped, as docs/working.md says."""
    deadline = time.monotonic() + LONGEST
    while (status := clone.dvc("queue", "status")) and ("Queued" in status or "Running" in status):
        assert time.monotonic() < deadline, f"{status}\n{find_processes(clone)}"
        if "Running" not in status:
            clone.dvc("queue", "start", "--jobs", "2")
        time.sleep(3)
    assert status.split().count("Success") == len(STRENGTHS), status


def read_losses(clone: Clone) -> dict[str, str]:
    rows = csv.DictReader(io.StringIO(clone.dvc("exp", "show", "--csv")))
    return {row["Experiment"]: row[LOSS] for row in rows if row["typ"].startswith("branch")}
