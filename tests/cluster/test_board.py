"""What one sees of a run."""

import os
import pty
import re
import select

import pytest

from stacker.cluster.board import Board, Row, State, choose_rows, describe_rows


def make_rows(**states: State) -> list[Row]:
    rows = [Row(stage) for stage in states]
    for row, state in zip(rows, states.values(), strict=True):
        row.state = state
    return rows


def test_where_room_is_short_what_fails_and_runs_is_shown():
    rows = make_rows(a=State.DONE, b=State.WAITING, c=State.RUNNING, d=State.WAITING, e=State.FAILED)
    assert choose_rows(rows, 5) == (rows, [])
    shown, left_out = choose_rows(rows, 4)
    assert [row.stage for row in shown] == ["a", "c", "e"]
    assert [row.stage for row in left_out] == ["b", "d"]
    assert [row.stage for row in choose_rows(rows, 0)[0]] == ["e"]
    assert describe_rows(left_out) == "and 2 waiting"
    assert describe_rows(rows) == "and 1 failed, 1 running, 1 done, 2 waiting"


def test_without_a_terminal_a_line_tells_each_change(capsys):
    with Board(["a", "b"]) as board:
        board.change("a", State.RUNNING, "vm")
        board.hear("a", "learning\n")
        board.change("a", State.FAILED, last="ended with exit code 3")
    assert re.fullmatch(
        r"a: running on vm\na: failed on vm after 0\.\d s: ended with exit code 3\n", capsys.readouterr().err
    )


def test_the_last_line_is_the_stages_own_and_cannot_move_the_cursor():
    board = Board(["a"])
    board.hear("a", "10%\r20%\r\n")
    assert board.rows["a"].last == "20%"
    board.hear("a", "done in 3 s\x1b[2J\nUpdating lock file 'dvc.lock'\n\nUse `dvc push` to send your updates\n")
    assert board.rows["a"].last.startswith("done in 3 s")
    assert "\x1b" not in board.rows["a"].last


def read_until(terminal: int, mark: str) -> str:
    """What was written to a terminal before `mark`: the kernel hands over little by little what has been flushed."""
    written = b""
    while not written.endswith(mark.encode()):
        assert select.select([terminal], [], [], 20)[0], f"nothing follows {written!r}"
        written += os.read(terminal, 100_000)
    return written.decode().removesuffix(mark)


def test_on_a_terminal_there_is_a_table_that_goes_at_the_end(monkeypatch):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "70")
        monkeypatch.setenv("LINES", "4")
        with Board(["train@a", "train@b", "stack"]) as board:
            board.change("train@b", State.RUNNING, "vm")
            board.hear("train@b", "learns")
        print("the end", end="", file=terminal, flush=True)
        written = read_until(ours, "the end")
    os.close(ours)
    table = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", written)
    assert re.search(r"train@b +vm +running +\d+ s +learns", table)
    assert "and 2 waiting" in table
    assert written.count("\x1b[1A\x1b[2K") >= 2  # taken away
    assert "train@a" not in table.rpartition("train@b")[2]


@pytest.mark.parametrize("state", [State.DONE, State.FAILED])
def test_a_stage_that_has_ended_has_its_time(state):
    board = Board(["a"])
    board.change("a", State.RUNNING)
    board.change("a", state)
    assert board.rows["a"].seconds == board.rows["a"].ended - board.rows["a"].began
