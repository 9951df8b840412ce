"""DVC in the user's own folder: it alone decides what is up to date, and restores or runs what is not."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stacker.cluster.lifeline import end_with_parent
from stacker.cluster.watchdog import MARK

DVC = [sys.executable, "-m", "dvc", "repro"]
PATIENCE = 20.0  # seconds for a stage to say what it keeps, after Ctrl-C


def run_judge(targets: Sequence[str], options: Sequence[str] = ()) -> int:
    """`dvc repro`, in the foreground; its exit status. Ctrl-C is its own affair."""
    sys.stdout.flush()
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with subprocess.Popen([*DVC, *options, *targets], preexec_fn=_take_interrupts) as process:  # noqa: S603
            return process.wait()
    finally:
        signal.signal(signal.SIGINT, old)


class Ahead:
    """`dvc repro` of some targets in the background, while workers are busy with others; it ends with this process."""

    def __init__(self, targets: Sequence[str], log: Path, options: Sequence[str] = ()):
        self.targets = list(targets)
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as stream:
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "stacker.cluster.judge", *options, *targets],
                env={name: value for name, value in os.environ.items() if name != MARK},  # it ends by itself
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._stream = log.open(encoding="utf-8", errors="replace")

    def read(self) -> str:
        """What it has printed since this was last asked."""
        return self._stream.read()

    def poll(self) -> int | None:
        """Its exit status; None while it runs."""
        return self._process.poll()

    def wait(self) -> int:
        """Its exit status, once it has ended."""
        return self._process.wait()

    def stop(self) -> None:
        """Interrupt it, if it still runs, as Ctrl-C would."""
        for how in (signal.SIGINT, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, how)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(PATIENCE)
                break
        self._stream.close()


def _take_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


if __name__ == "__main__":
    from dvc.cli import main

    end_with_parent()
    _take_interrupts()
    sys.exit(main(["repro", *sys.argv[1:]]))
