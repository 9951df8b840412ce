"""Fits that do not know of each other, in threads."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

MOST_BYTES = 2**31  # of what runs at once takes

T = TypeVar("T")
Result = TypeVar("Result")


def run_side_by_side(work: Callable[[T], Result], items: Sequence[T], item_bytes: int) -> list[Result]:
    """Call `work` on every item, as many at once as there are cores and memory.

    For work that spends its time where Python's lock is not held, such as matrix products on one BLAS thread, and that
    gives the same whatever runs beside it.

    Args:
        work: takes an item.
        items: what to call it on.
        item_bytes: memory that one call takes.

    Returns:
        What it gave, in the order of the items.
    """
    workers = min(os.cpu_count() or 1, max(1, MOST_BYTES // max(1, item_bytes)))
    executor = ThreadPoolExecutor(workers)
    try:
        return list(executor.map(work, items))
    finally:
        executor.shutdown(cancel_futures=True)  # after Ctrl-C, what has not begun does not begin
