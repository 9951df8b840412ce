"""Progress on a terminal and in a log file, by what stands there in the end."""

import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from stacker.artifacts import progress
from stacker.artifacts.progress import join_progress, open_progress

ROOT = Path(__file__).parents[2]
WORK = """
import time
from stacker.artifacts import progress
progress.DELAY = 0.0
with progress.open_progress("pet: embedding", 4, "photos") as bar:
    for number in range(4):
        time.sleep(0.25)
        bar.set_postfix_str(f"part {number + 1}", refresh=False)
        bar.update()
print("the end")
"""


@pytest.fixture
def fast_log(monkeypatch):
    """A line of the log may follow the other at once."""
    monkeypatch.setattr(progress, "LOG_SECONDS", 0.0)


def test_a_log_file_gets_whole_lines_with_the_time_left(fast_log, capsys):
    with open_progress("pet: embedding", 1200, "photos") as bar:
        for number in (300, 900):
            bar.set_postfix_str(f"part {number}", refresh=False)
            bar.update(number)

    assert capsys.readouterr().err == (
        "pet: embedding: 300 of 1200 photos after 00:00, 00:00 left, part 300\n"
        "pet: embedding: 1200 of 1200 photos after 00:00, 00:00 left, part 900\n"
    )


def test_a_log_file_gets_no_more_than_a_line_in_a_while_and_short_work_none(capsys):
    with open_progress("pet: embedding", 1000, "photos") as bar:
        for _ in range(1000):
            bar.update()

    assert capsys.readouterr().err == ""


def test_of_several_at_a_time_the_outermost_is_shown(fast_log, capsys):
    for name in ("first", "second"):
        with open_progress(name, 2, "fits") as outer:
            with open_progress("inner", 5, "steps") as inner:
                inner.update(5)
            outer.update()

    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["first", "second"]


def test_one_that_is_not_shown_hides_none(fast_log, capsys):
    with open_progress("outer", 2, "fits", is_shown=False) as outer:
        with open_progress("inner", 5, "steps") as inner:
            inner.update(5)
        outer.update()

    assert capsys.readouterr().err.startswith("inner: 5 of 5 steps")


def test_one_that_an_error_ends_hides_none_after_it(fast_log, capsys):
    with pytest.raises(ZeroDivisionError), open_progress("first", 2, "fits"):
        raise ZeroDivisionError

    with open_progress("second", 2, "fits") as bar:
        bar.update()

    assert capsys.readouterr().err.startswith("second: 1 of 2 fits")


def test_parts_of_a_whole_move_its_bar_and_leave_it_open(fast_log, capsys):
    with open_progress("all", 5, "photos") as bar:
        for count in (2, 3):
            with join_progress(bar, "part", count, "photos") as shown:
                shown.update(count)
    with join_progress(None, "alone", 4, "photos") as shown:
        shown.update(4)

    lines = [line.partition(" after ")[0] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["all: 2 of 5 photos", "all: 5 of 5 photos", "alone: 4 of 4 photos"]


def test_bytes_are_scaled_and_a_download_that_ends_counts_anew(fast_log, capsys):
    with open_progress("downloading", 1, "bytes") as bar:
        assert bar  # pooch asks whether there is one
        bar.total = 5_000_000
        bar.update(1_000_000)
        bar.reset()
        bar.update(5_000_000)
        bar.close()

    lines = [line.partition(" after ")[0] for line in capsys.readouterr().err.splitlines()]
    assert lines == ["downloading: 1.00M of 5.00M bytes", "downloading: 5.00M of 5.00M bytes"]


def show_in_terminal(work: str) -> str:
    controller, terminal = pty.openpty()
    termios.tcsetwinsize(terminal, (30, 90))
    subprocess.run([sys.executable, "-c", work], stdout=terminal, stderr=terminal, cwd=ROOT, check=True)
    os.close(terminal)
    written = b""
    while chunk := read(controller):
        written += chunk
    os.close(controller)
    return written.decode()


def test_a_terminal_gets_one_bar_which_goes_when_the_work_is_done():
    *states, last = show_in_terminal(WORK).split("\r")[1:-1]
    bars = [state for state in states if state.strip()]
    assert re.fullmatch(r"pet: embedding:  25 %\|█+\S* +\| 1 of 4 photos, 00:0\d left, part 1", bars[1])
    assert all(len(bar) <= 90 and "\n" not in bar for bar in bars)
    assert bars[-1].endswith("4 of 4 photos, 00:00 left, part 4")
    assert states[-1].isspace()  # wiped out
    assert last == "the end"


def test_a_line_that_stays_stands_above_the_bar_of_a_terminal_and_among_the_lines_of_a_log(fast_log, capsys):
    shown = show_in_terminal(WORK.replace("bar.update()", "bar.update(); bar.say('half')")).split("\r")
    numbers = [number for number, part in enumerate(shown) if part == "half"]
    assert len(numbers) == 4
    for number in numbers:
        assert shown[number - 1].isspace()
        assert shown[number + 1] == "\n"
        assert shown[number + 2] == shown[number - 2]

    with open_progress("pet", 4, "photos") as bar:
        bar.skip(2)
        bar.say("half")
        bar.update()

    logged = capsys.readouterr()
    assert logged.out == "half\n"
    assert logged.err.startswith("pet: 3 of 4 photos after ")


def read(controller: int) -> bytes:
    """What is there; nothing at the end, which Linux calls an error."""
    try:
        return os.read(controller, 65536)
    except OSError:
        return b""


def test_without_standard_error_work_goes_on():
    command = ["sh", "-c", 'exec "$@" 2>&-', "sh", sys.executable, "-c", WORK.replace("0.25", "0")]

    result = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)

    assert (result.returncode, result.stdout) == (0, "the end\n")
