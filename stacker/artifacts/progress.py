"""How far long work is: one bar on a terminal, a line now and then in a log file. Both go to standard error."""

import sys
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

from tqdm import tqdm

DELAY = 1.0  # seconds of work before a bar appears: short work needs none
LOG_SECONDS = 30.0  # between two lines of a log file
BAR_FORMAT = "{desc}: {percentage:3.0f} %|{bar}| {n_fmt} of {total_fmt} {unit}, {remaining} left{postfix}"
LOG_FORMAT = "{desc}: {n_fmt} of {total_fmt} {unit} after {elapsed}, {remaining} left{postfix}"


class Progress(tqdm):  # type: ignore[type-arg] # it counts, and iterates over nothing
    """A bar that goes when it is done: the line that says what came of it is the stage's.

    While one is open, further ones stay hidden: the outermost knows how long all of it takes.
    """

    is_open: ClassVar[bool] = False

    def __init__(self, what: str, total: int, unit: str, is_shown: bool = True, **options: Any):
        super().__init__(
            desc=what,
            total=total,
            unit=unit,
            unit_scale=unit == "bytes",
            leave=False,
            disable=Progress.is_open or not is_shown or sys.stderr is None,
            **{"mininterval": 0.2, "delay": DELAY, "bar_format": BAR_FORMAT, "dynamic_ncols": True, **options},
        )
        if not self.disable:
            Progress.is_open = True

    def reset(self, total: float | None = None) -> None:  # noqa: ARG002 - as tqdm's
        """Count anew. Pooch does at the end of a download: tqdm's own would leave a bar of 0 % on the terminal."""
        self.n = 0

    def skip(self, count: int) -> None:
        """Count what was done before this work began: the time left goes by the rest."""
        self.initial = self.n = self.last_print_n = count

    def say(self, line: str) -> None:
        """Print a line that stays, to standard output, with the bar below it."""
        self.write(line)

    def close(self) -> None:
        if not getattr(self, "disable", True):
            Progress.is_open = False
        super().close()


class _LogLines(Progress):
    """The same for a file: whole lines, none of them written over."""

    def __init__(self, what: str, total: int, unit: str, is_shown: bool = True):
        timing = {"mininterval": LOG_SECONDS, "maxinterval": float("inf"), "miniters": 1, "delay": 0.0}
        super().__init__(what, total, unit, is_shown, **timing, bar_format=LOG_FORMAT)

    def display(self, msg: str | None = None, pos: int | None = None) -> None:  # noqa: ARG002 - as tqdm calls it
        if msg is None and self.n:  # else there is nothing to show, or something to wipe out
            self.fp.write(f"{self}\n")
            self.fp.flush()

    def say(self, line: str) -> None:
        print(line, flush=True)


def open_progress(what: str, total: int, unit: str, is_shown: bool = True) -> Progress:
    """Show how far work is; to be used as a context manager, and moved on by `update(count)`.

    Args:
        what: is done, such as "xception: embedding".
        total: how much there is to do, at most.
        unit: in which it is counted, in the plural, such as "photos"; "bytes" are scaled.
        is_shown: False where each part of the work shows its own.
    """
    is_terminal = sys.stderr is not None and sys.stderr.isatty()
    return (Progress if is_terminal else _LogLines)(what, total, unit, is_shown)


def join_progress(bar: Progress | None, what: str, total: int, unit: str) -> AbstractContextManager[Progress]:
    """The bar of a larger whole, which stays open at the end of the block; or one as `open_progress` gives it."""
    return open_progress(what, total, unit) if bar is None else nullcontext(bar)
