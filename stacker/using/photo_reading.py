"""Read photos ahead of the network that is to look at them, in threads, each on its own: one broken file stops none."""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from stacker.artifacts.preparation import Preparation
from stacker.photos.decoding import decode_image, fit_square
from stacker.photos.image_files import read_header
from stacker.photos.unreadable import UNREADABLE, Unreadable, explain_unreadable

Photo = str | Path | np.ndarray


def read_photos(photos: Sequence[Photo], preparation: Preparation, ahead: int) -> Iterator[np.ndarray | Unreadable]:
    """Every photo as the network takes it, or why it could not be read, in their order.

    Args:
        photos: paths, or arrays, uint8, (height, width, 3), RGB, 0-255.
        preparation: how a photo becomes an array.
        ahead: how many to read before they are asked for: so many are held in memory, and no more.

    Returns:
        Uint8, (side, side, 3), RGB, 0-255.
    """
    previous = cv2.getNumThreads()
    cv2.setNumThreads(1)  # one thread a file: OpenCV's own threads would fight ours over the cores
    try:
        with ThreadPoolExecutor(os.cpu_count()) as executor:
            waiting = deque(executor.submit(_attempt, photo, preparation) for photo in photos[:ahead])
            for number in range(ahead, ahead + len(photos)):
                yield waiting.popleft().result()
                if number < len(photos):
                    waiting.append(executor.submit(_attempt, photos[number], preparation))
    finally:
        cv2.setNumThreads(previous)


def read_photo(photo: Photo, preparation: Preparation) -> np.ndarray:
    """One photo as the network takes it: uint8, (side, side, 3), RGB, 0-255.

    Raises:
        OSError, SyntaxError, ValueError, PIL.Image.DecompressionBombError, cv2.error: it cannot be read.
    """
    if isinstance(photo, np.ndarray):
        return _fit_array(photo, preparation)
    content = Path(photo).read_bytes()
    return decode_image(np.frombuffer(content, np.uint8), read_header(content), preparation)


def _attempt(photo: Photo, preparation: Preparation) -> np.ndarray | Unreadable:
    try:
        return read_photo(photo, preparation)
    except UNREADABLE as error:
        return Unreadable(explain_unreadable(error))


def _fit_array(pixels: np.ndarray, preparation: Preparation) -> np.ndarray:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(
            f"an array must be uint8, (height, width, 3), RGB, 0-255; received {pixels.dtype}, {pixels.shape}"
        )
    height, width = pixels.shape[:2]
    return fit_square(np.ascontiguousarray(pixels), (height, width), preparation)
