"""Keep TensorFlow's harmless lines off the terminal; all else that native code says is shown.

They come from C++, most of them before any log level counts, so that they are caught where they arrive: at file
descriptor 2. A process of its own reads it, not a thread. What was written before a crash (abort, segmentation fault,
`os._exit`) lies in the pipe, and is still passed on when the crashed process is gone; and native code that fills the
pipe while it holds Python's lock waits for another process, not for ever for a thread that needs the same lock.
"""

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, cast

from stacker.checks import native_lines

PCI_DEVICES = Path("/sys/bus/pci/devices")
NVIDIA, DISPLAY = "0x10de", "0x03"  # a vendor; how the class of a graphics card begins
LONGEST_WAIT = 5.0  # seconds for the rest; a child that lives on keeps the pipe open


@contextmanager
def filtered_native_log() -> Iterator[None]:
    """Filter what native code, and processes started here, write to standard error while the block runs.

    Python's own `sys.stderr` goes to where standard error went, past the filter: progress bars still know a terminal,
    and a traceback is not held up. When the block ends, however it ends, all that was written has been shown.

    Where something else stands for `sys.stderr`, as in tests, or there is none, nothing is filtered.
    """
    stderr = sys.__stderr__
    if stderr is None or sys.stderr is not stderr:
        yield
        return
    stderr.flush()
    seen = os.dup(2)
    process = _start_filter(seen)
    buffer = io.BufferedWriter(io.FileIO(seen, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(buffer, stderr.encoding, stderr.errors, line_buffering=True)
    try:
        yield
    finally:
        os.dup2(seen, 2)
        sys.stderr.flush()  # and left open: a log handler that was made meanwhile keeps it
        sys.stderr = stderr
        with suppress(subprocess.TimeoutExpired):  # then it ends with the last process that writes to it
            process.wait(LONGEST_WAIT)


def has_card(devices: Path = PCI_DEVICES) -> bool:
    """Is there a graphics card of NVIDIA in the machine, with or without a driver?"""
    return any(
        vendor.read_text(encoding="ascii").strip() == NVIDIA
        and (vendor.parent / "class").read_text(encoding="ascii").startswith(DISPLAY)
        for vendor in devices.glob("*/vendor")
    )


def _start_filter(seen: int) -> subprocess.Popen[bytes]:
    """Let file descriptor 2, for child processes too, be a pipe to the filter, which writes to `seen`."""
    command = [sys.executable, "-I", "-S", native_lines.__file__, *(["--has-card"] if has_card() else [])]
    # In a session of its own: Ctrl-C and a hang-up end the stage, and the filter with it, not before.
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=seen, start_new_session=True)  # noqa: S603 - ours
    with cast(IO[bytes], process.stdin) as pipe:
        os.dup2(pipe.fileno(), 2)
    return process
