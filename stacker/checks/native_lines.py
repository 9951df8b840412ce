"""Pass on what comes in, but for a few lines of TensorFlow's own that are known to be harmless.

`stacker.checks.native_log` runs this file as a process of its own, between a stage's native code and what people see:
Python's own modules alone, so that it starts in milliseconds. A line that is not on the list below is passed on,
whatever its level.
"""

import os
import re
import select
import sys

PREFIX = rb"[IWEF]\d{4} \S+ +\d+ \S+:\d+\] "  # of a log line: level and date, time, thread, file
# As TensorFlow 2.21 prints them, most before its log can be told anything: TF_CPP_MIN_LOG_LEVEL stops few of them.
HARMLESS = (
    rb"WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR",
    PREFIX + rb"oneDNN custom operations are on\..*",
    PREFIX + rb"This TensorFlow binary is optimized to use available CPU instructions in performance-critical .*",
    PREFIX + rb"Memory patch applied: M_TRIM_THRESHOLD=.* was set\.",  # where a fit takes its batches from Python
    rb"To enable the following instructions: .*, in other operations, rebuild TensorFlow with the appropriate .*",
)
# Where there is a card, these are the reason why it is not used.
HARMLESS_WITHOUT_CARD = (
    PREFIX + rb"Could not find cuda drivers on your machine, GPU will not be used\.",
    PREFIX + rb"failed call to cuInit: .*UNKNOWN ERROR \(303\)",  # 303: there is no driver to load
)
PATIENCE = 0.05  # seconds that the start of a line waits for its end
LONGEST = 4096  # bytes that wait: no harmless line is that long


def main() -> None:
    patterns = HARMLESS if "--has-card" in sys.argv else HARMLESS + HARMLESS_WITHOUT_CARD
    pass_on(sys.stdin.fileno(), sys.stdout.fileno(), re.compile(b"|".join(patterns)))


def pass_on(source: int, target: int, harmless: re.Pattern[bytes]) -> None:
    """Copy until the end of `source`, without the lines that are `harmless` as a whole.

    Args:
        source: the file descriptor to read.
        target: the one to write.
        harmless: matches a line, its end left out.
    """
    rest, is_begun = b"", False  # the start of a line that waits for its end; was one before it passed on?
    while True:
        may_wait = rest and b"\r" not in rest and len(rest) < LONGEST
        if rest and not (may_wait and select.select([source], [], [], PATIENCE)[0]):
            write_all(target, rest)  # such as a progress bar: no end of line will come
            rest, is_begun = b"", True
        received = os.read(source, 65536)
        if not received:
            write_all(target, rest)
            return
        *lines, rest = (rest + received).split(b"\n")
        for line in lines:
            if is_begun or not harmless.fullmatch(line):
                write_all(target, line + b"\n")
            is_begun = False


def write_all(target: int, data: bytes) -> None:
    """Write all of `data`: the system may take less at a time."""
    while data:
        data = data[os.write(target, data) :]


if __name__ == "__main__":
    main()
