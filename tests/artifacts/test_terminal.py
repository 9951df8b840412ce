import io

import pytest

from stacker.artifacts.terminal import CleanStream, escape_controls, escape_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b31mred\x7f\x00", r"\x9b31mred\x7f\x00"),
        ("\u202egnp.exe\u2066", r"\u202egnp.exe\u2066"),
        ("over\rwritten\x08\x0b\x0c", r"over\rwritten\x08\x0b\x0c"),
        ("a\u2028b", r"a\u2028b"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("Käse 猫 \\x1b 🐈‍⬛", "Käse 猫 \\x1b 🐈‍⬛"),
        ("no UTF-8: \udce9", "no UTF-8: \udce9"),
    ],
)
def test_what_moves_the_cursor_or_turns_text_around_is_shown_and_all_else_stays(text, shown):
    assert escape_controls(text) == shown


def test_in_a_line_there_is_no_other_line():
    assert escape_line("two\nlines\tand \x1b") == r"two\nlines\tand \x1b"


def test_a_clean_stream_escapes_what_is_printed_and_is_the_stream_in_all_else():
    stream = io.StringIO()
    clean = CleanStream(stream)

    print("a\x1b[2Jb", file=clean)

    assert stream.getvalue() == "a\\x1b[2Jb\n"
    assert clean.isatty() is False
    assert clean.getvalue() == stream.getvalue()
