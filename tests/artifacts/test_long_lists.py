from pathlib import Path

from stacker.artifacts.long_lists import show_list


def test_twenty_lines_are_shown_and_written_nowhere(workspace):
    lines = [f"line {number}" for number in range(20)]

    assert show_list(lines, "some.txt") == "".join(f"\n  line {number}" for number in range(20))
    assert not Path(".dvc").exists()


def test_of_more_the_rest_is_counted_and_all_are_in_a_file(workspace):
    lines = [f"zeile {number} ä" for number in range(1221)]

    shown = show_list(lines, "some.txt").splitlines()

    assert len(shown) == 22
    assert shown[20:] == ["  zeile 19 ä", "  and 1,201 more: all are listed in .dvc/tmp/stacker/some.txt"]
    assert Path(".dvc/tmp/stacker/some.txt").read_text(encoding="utf-8").splitlines() == lines
