"""Do the same with many files, in threads, and name all that cannot be read."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import cv2
from PIL import Image

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.progress import Progress

QUEUED = 1024  # files that wait for a thread: a waiting one takes a kilobyte or more
# What OpenCV and Pillow raise for a damaged file; Pillow has a SyntaxError of a PNG and a ValueError of a palette.
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, cv2.error)

T = TypeVar("T")


def run_in_threads(work: Callable[[int], T], paths: Sequence[Path], bar: Progress) -> list[T]:
    """Call `work` on every row number of `paths`, and move the bar on by each.

    Raises:
        PipelineError: naming every file that is unreadable.
    """
    broken: list[str] = []

    def attempt(row: int) -> T | None:
        try:
            return work(row)
        except UNREADABLE as error:
            broken.append(f"{paths[row]}: {error}")
            return None

    previous = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one thread a file: OpenCV's own threads would fight ours over the cores
    try:
        with ThreadPoolExecutor(os.cpu_count()) as executor:
            results = []
            for start in range(0, len(paths), QUEUED):
                for result in executor.map(attempt, range(start, min(start + QUEUED, len(paths)))):
                    results.append(result)
                    bar.update()
    finally:
        cv2.setNumThreads(previous)
    if broken:
        shown = "\n  ".join(sorted(broken)[:10])
        raise PipelineError(f"{len(broken)} image(s) cannot be read; mend or remove them:\n  {shown}")
    return [result for result in results if result is not None]
