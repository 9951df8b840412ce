import pytest

from stacker.pictures.tables import build_table, escape_name, escape_text


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("cat", "cat"),
        ("class_0 of 3", "class_0 of 3"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("a & b", "a &amp; b"),
        ("two\nlines\r\n# three", "two lines # three"),
        ("![x](http://y) `z`", r"!\[x\](http://y) \`z\`"),
        ("**bold** _it_ ~~no~~ $x$", r"\*\*bold\*\* \_it\_ \~\~no\~\~ \$x\$"),
        ("back\\slash", r"back\\slash"),
        ("left\u202eright", "left right"),
    ],
)
def test_a_name_is_shown_as_it_is(name, expected):
    assert escape_name(name) == expected


def test_a_long_name_is_shortened_and_a_long_text_is_not():
    assert escape_name("x" * 60) == "x" * 60
    assert escape_name("x" * 200) == "x" * 59 + "…"
    assert escape_text("x" * 200) == "x" * 200


def test_a_bar_in_a_name_stays_in_its_cell():
    lines = build_table(("class", "n"), [(escape_name("a|b\\|c"), 3)]).splitlines()

    assert lines[-1] == r"| a\|b\\\|c | 3 |"
