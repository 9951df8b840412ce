"""Fits that do not know of each other, or of what else goes on, in threads."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from threading import Event
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


@contextmanager
def gathered_beside(items: Iterable[T]) -> Iterator[Future[list[T]]]:
    """Go through `items` in a thread of its own while the block runs; the end of the block waits for it.

    For fits as in `run_side_by_side`, beside what Python alone does. Where the block fails, or Ctrl-C comes while the
    thread is waited for, it ends with the item that it has begun.

    Args:
        items: made one by one, each as it is asked for.

    Yields:
        All of them, as the result of a future; asking for it raises what their making raised.
    """
    stopped = Event()

    def gather() -> list[T]:
        gathered: list[T] = []
        for item in items:
            gathered.append(item)
            if stopped.is_set():
                break
        return gathered

    with ThreadPoolExecutor(1) as executor:
        try:
            future = executor.submit(gather)
            yield future
            wait([future])  # here, where an interrupt is heard of
        finally:
            stopped.set()
