"""Do the same with many files, in threads; a file that cannot be read stops no other."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2

from stacker.artifacts.progress import Progress
from stacker.photos.unreadable import UNREADABLE, Unreadable, explain_unreadable

QUEUED = 1024  # files that wait for a thread: a waiting one takes a kilobyte or more

T = TypeVar("T")


def run_in_threads(work: Callable[[int], T], count: int, bar: Progress) -> list[T | Unreadable]:
    """Call `work` on every number below `count`, and move the bar on by each.

    Returns:
        What `work` gave, or why it could not read its file.
    """

    def attempt(row: int) -> T | Unreadable:
        try:
            return work(row)
        except UNREADABLE as error:
            return Unreadable(explain_unreadable(error))

    previous = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one thread a file: OpenCV's own threads would fight ours over the cores
    try:
        with ThreadPoolExecutor(os.cpu_count()) as executor:
            results: list[T | Unreadable] = []
            for start in range(0, count, QUEUED):
                for result in executor.map(attempt, range(start, min(start + QUEUED, count))):
                    results.append(result)
                    bar.update()
    finally:
        cv2.setNumThreads(previous)
    return results
