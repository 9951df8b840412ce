"""How often Python looks for garbage: too often, and once more at the end, where a network is built."""

import gc

YOUNG, MIDDLE, OLD = 20_000, 20, 20  # Python's own are 700, 10 and 10


def collect_seldom() -> None:
    """Let Python look for cycles of garbage less often: it takes a tenth of the time in which a network is built.

    Those that it looks through again and again are layers, functions and modules, which stay. Arrays are freed when
    nobody refers to them, as before. (Documentation of Python's module `gc`, `set_threshold`.)
    """
    gc.set_threshold(YOUNG, MIDDLE, OLD)


def end_quickly() -> None:
    """Let Python leave to the system what is in memory when it ends, instead of looking through all of it once more.

    What has to be tidied up at the end, such as temporary folders, is: it does not hang on that search.
    """
    gc.freeze()
