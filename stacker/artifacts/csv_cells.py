"""Text in a CSV file that people open in a spreadsheet, which takes a cell such as `=cmd()` for a formula and runs it.

OWASP's advice ("CSV Injection"): an apostrophe before it. A number is none, so that the classes `-1` and `+1` stay what
they are; and what begins with apostrophes and such a sign gets one more, so that every name can be told from any other.
"""

import re

NUMBER = r"[+-]?\d+(?:[.,]\d+)?(?:[eE][+-]?\d+)?\Z"
FORMULA = re.compile(rf"'*(?!{NUMBER})[=+\-@\t\r\n＝＋－＠]")


def guard_cell(text: str) -> str:
    """The text as it may stand in a cell."""
    return f"'{text}" if FORMULA.match(text) else text


def read_cell(cell: str) -> str:
    """The text that `guard_cell` was given."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell[1:]) else cell
