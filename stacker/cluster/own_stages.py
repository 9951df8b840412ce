"""The stages that the driver runs itself, by `dvc repro` in the user's folder, while workers are busy with others."""

import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from stacker.cluster.board import HERE, Board, State
from stacker.cluster.judge import Ahead
from stacker.cluster.leading import Led, StagesFailedError
from stacker.cluster.logs import LOGS

LOG = LOGS / "dvc_repro.log"
GOING_ON = re.compile(r"^(?:Running stage|Stage) '([^']+)'")


class OwnStages:
    """One `dvc repro` at a time. A context, at whose end what still runs is waited for."""

    def __init__(self, board: Board, options: Sequence[str]):
        self._board, self._options = board, options
        self._ahead: Ahead | None = None
        self._begun: set[str] = set()
        self._current: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        while self._ahead:
            self._look()
            time.sleep(0.05)

    def start(self, stages: Sequence[str]) -> None:
        """Begin with `stages`, of which nothing runs yet, in the background."""
        if stages:
            self._begun |= set(stages)
            self._ahead = Ahead(stages, LOG, self._options)

    def go_on(self, stages: Mapping[str, set[str]], crew: Led) -> None:
        """Look how far it is, and begin with those whose time has come. What fails here fails again in the end."""
        self._look()
        if self._ahead is None and not crew.is_full:
            ready = [stage for stage, behind in stages.items() if stage not in self._begun and behind <= crew.done]
            self.start(ready)

    def finish(self) -> None:
        """Wait for what runs.

        Raises:
            StagesFailedError: it failed.
        """
        while self._ahead:
            running = self._ahead
            if self._look():
                raise StagesFailedError(
                    f"{', '.join(running.targets)}: `dvc repro` failed here; its log is {LOG}\n{_read_end(LOG)}"
                )
            time.sleep(0.05)

    def stop(self) -> None:
        """Interrupt what runs."""
        if self._ahead:
            self._ahead.stop()
            self._ahead = None

    def _look(self) -> int:
        """Hear what it says; its exit status, once it has ended, else 0."""
        if self._ahead is None:
            return 0
        code = self._ahead.poll()
        for line in self._ahead.read().splitlines():
            self._hear(line)
        if code is None:
            return 0
        if self._current:
            self._board.change(self._current, State.FAILED if code else State.DONE)
        self._ahead, self._current = None, None
        return code

    def _hear(self, line: str) -> None:
        found = GOING_ON.match(line)
        if found and found[1] in self._board.rows:
            if self._current:
                self._board.change(self._current, State.DONE)
            self._current = None
            if line.startswith("Running"):
                self._current = found[1]
                self._board.change(self._current, State.RUNNING, HERE)
            elif self._board.rows[found[1]].state is State.WAITING:
                self._board.change(found[1], State.RESTORED if "is cached" in line else State.DONE, HERE)
        elif self._current:
            self._board.hear(self._current, line)


def _read_end(log: Path) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-5:])
