r"""Text on a terminal: a class, a file or an address may hold characters that move the cursor, or turn text around.

They are shown as Python writes them, such as `\x1b`: nothing is hidden, and nothing obeyed.
"""

import re
from typing import TextIO

# C0 but tab and line feed, DEL, C1, marks of direction, and line separators
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
IN_A_LINE = re.compile(f"{CONTROLS.pattern}|[\t\n]")


def escape_controls(text: str, found: re.Pattern[str] = CONTROLS) -> str:
    """The text as it may be printed; its lines and tabs stay."""
    return found.sub(lambda control: control[0].encode("unicode_escape").decode("ascii"), text)


def escape_line(text: str) -> str:
    """The text as it may stand in a line or a table."""
    return escape_controls(text, IN_A_LINE)


class CleanStream:
    """A stream whose text is escaped; all else is the stream's own."""

    def __init__(self, stream: TextIO):
        self._stream = stream

    def write(self, text: str) -> int:
        """As `TextIO.write`."""
        return self._stream.write(escape_controls(text))

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)
