"""Bring position embeddings to another number of patches, as the reference code does."""

import cv2
import numpy as np
from PIL import Image

AT_ONCE = 4  # channels that OpenCV surely takes together


def resize_positions(positions: np.ndarray, places: int, is_smoothed: bool) -> np.ndarray:
    """Interpolate by cubic polynomials, once, when weights are loaded.

    PyTorch's `interpolate(mode="bicubic")`, which `transformers` calls, is OpenCV's, with its `antialias` Pillow's.

    Args:
        positions: float32, (rows, columns, width), as many rows as columns: a square of patches.
        places: patches along a side of the new square; as many as before changes nothing.
        is_smoothed: smooth what is shrunk.

    Returns:
        float32, (places, places, width).
    """
    if len(positions) == places:
        return positions
    if is_smoothed:
        return np.stack([_resize_smoothly(channel, places) for channel in np.moveaxis(positions, -1, 0)], axis=-1)
    parts = [positions[..., start : start + AT_ONCE] for start in range(0, positions.shape[-1], AT_ONCE)]
    resized = [cv2.resize(part.copy(), (places, places), interpolation=cv2.INTER_CUBIC) for part in parts]
    return np.concatenate([part.reshape(places, places, -1) for part in resized], axis=-1)


def _resize_smoothly(channel: np.ndarray, places: int) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(channel, np.float32))
    return np.asarray(image.resize((places, places), Image.Resampling.BICUBIC))
