import csv
import io

import pytest

from stacker.artifacts.csv_cells import guard_cell, read_cell


@pytest.mark.parametrize(
    "text",
    ["=cmd()", "+1+cmd|' /C calc'!A0", "-2+3", "@x", "\tx", "\rx", "\n=x", "-x.jpg", "-", "＝x", "'=x", "''@x", "-2\n"],
)
def test_what_a_spreadsheet_would_run_gets_an_apostrophe_and_loses_it_again(text):
    assert guard_cell(text) == f"'{text}"
    assert read_cell(guard_cell(text)) == text


@pytest.mark.parametrize(
    "text", ["cat", "", "-2", "+1", "-0.5", "-1,5", "+1e-3", "'", "'cat", "''", "a=b", " =x", "1-2"]
)
def test_all_else_stays_as_it_is(text):
    assert guard_cell(text) == text
    assert read_cell(text) == text


def test_no_two_names_become_one():
    names = [f"{quotes}{rest}" for quotes in ("", "'", "''", "'''") for rest in ("=x", "cat", "-2")]

    assert len({guard_cell(name) for name in names}) == len(names)


def test_a_csv_file_keeps_what_is_in_a_cell():
    stream = io.StringIO(newline="")
    csv.writer(stream).writerow([guard_cell('\r\n"=x",')])

    ((cell,),) = csv.reader(io.StringIO(stream.getvalue(), newline=""))
    assert read_cell(cell) == '\r\n"=x",'
