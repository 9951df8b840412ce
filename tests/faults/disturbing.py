"""Commands that a test stops when it likes, and the moments at which it does."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

from e2e.clone import Clone

LONGEST = 900.0  # seconds, of one run on a busy machine
RUNNING = re.compile(r"Running stage '([^']+)'")
REACHED = re.compile(r"[Ss]tage '([^']+)'")  # also one that was found to be up to date, or taken from the run-cache


class Kill(NamedTuple):
    """A signal to a whole process group.

    Attributes:
        how: the signal.
        stage: that DVC was at.
        has_ended: had the stage's own process ended, so that it hit DVC storing what the stage wrote?
        seconds: after the stage began.
    """

    how: signal.Signals
    stage: str
    has_ended: bool
    seconds: float


class Started:
    """A command in a process group of its own; what it prints is read as it comes.

    Attributes:
        lines: with the time at which each came.
    """

    def __init__(self, clone: Clone, *command: str, before: Callable[[], None] | None = None):
        self.lines: list[tuple[float, str]] = []
        self.process = subprocess.Popen(
            command,
            cwd=clone.path,
            env=clone.environment,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(line for _, line in self.lines)

    def wait_for(self, sign: str) -> bool:
        """Wait until it has printed `sign`; False if it ended without."""
        deadline = time.monotonic() + LONGEST
        while sign not in self.output and self._reader.is_alive() and time.monotonic() < deadline:
            time.sleep(0.005)
        return sign in self.output

    def send(self, how: signal.Signals) -> None:
        """Send a signal to it and to all that it started, and wait for its end."""
        os.killpg(self.process.pid, how)
        self.finish(60)

    def finish(self, seconds: float = LONGEST) -> int:
        """Wait for its end and return the exit status; what does not end in time is killed, and fails the test."""
        try:
            code = self.process.wait(seconds)
            self._reader.join(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise AssertionError(f"`{self.process.args}` did not end in {seconds} s:\n{self.output}") from None
        assert not self._reader.is_alive(), f"something that it started still holds its output:\n{self.output}"
        return code

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as stream:
            for line in stream:
                self.lines.append((time.monotonic(), line))


def time_stages(started: Started) -> dict[str, float]:
    """Seconds of each stage of a run that has ended, in its order; with what DVC does between a stage and the next."""
    begins = list_begins(started, RUNNING)
    ends = [moment for moment, _ in begins[1:]] + [started.lines[-1][0]]
    return {stage: end - moment for (moment, stage), end in zip(begins, ends, strict=True)}


def kill_in(started: Started, stage: str, seconds: float, how: signal.Signals) -> Kill | None:
    """Send a signal so many seconds after `stage` began, or when the next one begins.

    Returns:
        None where the command has ended by itself before.
    """
    is_there = started.wait_for(f"tage '{stage}'")
    deadline = time.monotonic() + seconds
    while is_there and started.process.poll() is None and time.monotonic() < deadline and not is_past(started, stage):
        time.sleep(0.005)
    if not is_there or started.process.poll() is not None:
        started.finish()
        return None
    started.send(how)
    killed = time.monotonic()
    begin, last = list_begins(started, REACHED)[-1]
    said = started.output.rpartition(f"tage '{last}'")[2]
    return Kill(how, last, "\ndone in " in said, killed - begin)


def is_past(started: Started, stage: str) -> bool:
    """Does another stage run after `stage`?"""
    return RUNNING.search(started.output.rpartition(f"tage '{stage}'")[2]) is not None


def list_begins(started: Started, sign: re.Pattern[str]) -> list[tuple[float, str]]:
    return [(moment, match[1]) for moment, line in started.lines if (match := sign.search(line))]
