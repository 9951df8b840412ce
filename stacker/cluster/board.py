"""What one sees of a run: a table that is renewed on a terminal, a line for each change elsewhere."""

import logging
import sys
import time
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from stacker.artifacts.terminal import escape_line

HERE = "here"
MARGIN = 2  # lines of a terminal: the headings, and the one that the cursor is in
BARS = logging.getLogger("dvc.progress")  # DVC's bars in this process, and the table, would overwrite each other


class State(StrEnum):
    """Where a stage stands."""

    WAITING = "waiting"
    RUNNING = "running"
    RESTORED = "restored"
    DONE = "done"
    FAILED = "failed"


# What DVC says after a stage's own last line, of files that people here need not mind.
CHATTER = ("Use `dvc push`", "Updating lock", "Generating lock", "To track", "To enable", "dvc config", "git add")
ORDER = (State.FAILED, State.RUNNING, State.DONE, State.RESTORED, State.WAITING)  # of what is shown where room is short
COLOURS = {State.WAITING: "dim", State.RUNNING: "cyan", State.FAILED: "red"}


class Row:
    """A stage.

    Attributes:
        stage: its name.
        state: where it stands.
        node: where it runs, or ran.
        began, ended: seconds of the clock; None before.
        last: the last line that it printed, or why it waits.
    """

    def __init__(self, stage: str):
        self.stage, self.state, self.node, self.last = stage, State.WAITING, "", ""
        self.began: float | None = None
        self.ended: float | None = None

    @property
    def seconds(self) -> float | None:
        """How long it has been running, or ran."""
        return None if self.began is None else (self.ended or time.monotonic()) - self.began


class Shows(Protocol):
    """What is told of a run while it lasts."""

    rows: dict[str, Row]

    def change(self, stage: str, state: State, node: str = "", last: str = "") -> None:
        """A stage's state is another one now."""

    def hear(self, stage: str, text: str) -> None:
        """A stage has printed `text`."""


class Board:
    """All stages of a run; a context in which they are shown."""

    def __init__(self, stages: Iterable[str]):
        self.rows = {stage: Row(stage) for stage in stages}
        self._console = Console(stderr=True)
        self._live = Live(console=self._console, get_renderable=self._draw, refresh_per_second=4, transient=True)
        self._is_terminal = self._console.is_terminal

    def __enter__(self) -> Self:
        if self._is_terminal:
            BARS.setLevel(logging.CRITICAL)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_terminal:
            self._live.stop()
            BARS.setLevel(logging.NOTSET)

    def change(self, stage: str, state: State, node: str = "", last: str = "") -> None:
        """A stage's state is another one now."""
        row, now = self.rows[stage], time.monotonic()
        row.state, row.node, row.last = state, node or row.node, last or row.last
        if state is State.RUNNING:
            row.began, row.ended = now, None
        elif state is State.WAITING:
            row.began = None
        else:
            row.began, row.ended = row.began or now, now
        if not self._is_terminal:
            print(self._describe(row), file=sys.stderr, flush=True)

    def hear(self, stage: str, text: str) -> None:
        """A stage has printed `text`."""
        lines = [line.strip() for line in text.replace("\r", "\n").splitlines()]
        said = [line for line in lines if line and not line.startswith(CHATTER)]
        if said:
            self.rows[stage].last = escape_line(said[-1])

    def _describe(self, row: Row) -> str:
        seconds = f" after {row.seconds:.1f} s" if row.seconds is not None and row.ended else ""
        node = f" on {row.node}" if row.node not in ("", HERE) else ""
        why = f": {row.last}" if row.state in (State.WAITING, State.FAILED) and row.last else ""
        return f"{row.stage}: {row.state}{node}{seconds}{why}"

    def _draw(self) -> Table:
        table = Table(box=None, pad_edge=False, expand=True)
        for heading in ("stage", "node", "state"):
            table.add_column(heading, no_wrap=True)
        table.add_column("time", no_wrap=True, justify="right")
        table.add_column("last line", no_wrap=True, ratio=1, overflow="ellipsis")
        shown, left_out = choose_rows(list(self.rows.values()), self._console.height - MARGIN)
        for row in shown:
            seconds = f"{row.seconds:.0f} s" if row.seconds is not None else ""
            table.add_row(
                *(Text(text, style=COLOURS.get(row.state, "")) for text in (row.stage, row.node, row.state, seconds)),
                Text(row.last, style="dim"),
            )
        if left_out:
            table.caption = describe_rows(left_out)
        return table


def choose_rows(rows: list[Row], room: int) -> tuple[list[Row], list[Row]]:
    """The rows that fit on so many lines, in their order, and the others: what fails or runs is shown first."""
    if len(rows) <= room:
        return rows, []
    chosen = sorted(rows, key=lambda row: ORDER.index(row.state))[: max(room - 1, 1)]  # a line tells of the others
    return [row for row in rows if row in chosen], [row for row in rows if row not in chosen]


def describe_rows(rows: list[Row]) -> str:
    """How many rows there are of each state."""
    counts = Counter(row.state for row in rows)
    return "and " + ", ".join(f"{counts[state]} {state}" for state in ORDER if counts[state])
