"""A process that ends with the one that started it, and takes with it all that it has started itself."""

import os
import signal
import sys
import threading


def end_with_parent() -> None:
    """Kill this process group once standard input ends, as it does when whoever holds its other end is gone, however.

    The process must lead a group of its own, and nothing else may read its standard input.
    """
    threading.Thread(target=_wait_and_kill, args=(os.dup(0),), daemon=True).start()
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)  # what this process starts must not hold the line, nor read from it
    os.close(null)


def _wait_and_kill(line: int) -> None:
    while os.read(line, 4096):
        pass
    sys.stdout.flush()
    os.killpg(0, signal.SIGKILL)
