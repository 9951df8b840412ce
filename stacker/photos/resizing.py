"""Bring a picture to a square: shrinking smooths, whatever the file's format; growing interpolates."""

import math

import cv2
import numpy as np

# How an image grows. On photos shrunk to a half and grown again, cubic is off by 3.5 grey levels, linear by 4.0.
INTERPOLATIONS = {"auto": cv2.INTER_CUBIC, "cubic": cv2.INTER_CUBIC, "linear": cv2.INTER_LINEAR}


def fit_image(
    image: np.ndarray, extent: tuple[float, float], side: int, fit: str, interpolation: str, grid: int = 1
) -> np.ndarray:
    """Bring an image to a square.

    Args:
        image: uint8, (height, width, 3).
        extent: height and width of the picture in pixels of `image`: its last ones may reach over the edge.
        side: of the square, pixels.
        fit: "stretch" to the square, "crop" its centre, or "pad" it with black.
        interpolation: a key of `INTERPOLATIONS`: how it grows.
        grid: a crop begins at a multiple of so many pixels, where a reduced JPEG of that size has one too.

    Returns:
        Uint8, (side, side, 3).
    """
    if fit == "crop":
        image, extent = _crop_centre(image, extent, grid)
    if fit != "pad":
        return resize(image, extent, side, side, interpolation)
    scale = side / max(extent)
    height, width = (max(1, round(length * scale)) for length in extent)
    image = resize(image, extent, height, width, interpolation)
    top, left = (side - height) // 2, (side - width) // 2
    bottom, right = side - height - top, side - width - left
    return np.asarray(cv2.copyMakeBorder(image, top, bottom, left, right, cv2.BORDER_CONSTANT))


def resize(image: np.ndarray, extent: tuple[float, float], height: int, width: int, interpolation: str) -> np.ndarray:
    """Bring uint8 (rows, columns, 3) to (height, width, 3).

    An axis that shrinks is averaged over the area of the new pixels, one that grows is interpolated. OpenCV's
    INTER_LINEAR and INTER_CUBIC leave pixels out where they shrink, and its INTER_AREA does so as soon as one axis
    grows. Given scales instead of a size, it takes an extent that ends inside a pixel.
    """
    down, across = min(1.0, height / extent[0]), min(1.0, width / extent[1])
    if min(down, across) < 1:
        image = cv2.resize(image, None, fx=across, fy=down, interpolation=cv2.INTER_AREA)
        image = image[:height, :width]  # a last pixel may hold no more than what reaches over
    if image.shape[:2] != (height, width):
        image = cv2.resize(image, (width, height), interpolation=INTERPOLATIONS[interpolation])
    return np.asarray(image)


def _crop_centre(image: np.ndarray, extent: tuple[float, float], grid: int) -> tuple[np.ndarray, tuple[float, float]]:
    edge = min(extent)
    top, left = (int((length - edge) / 2) // grid * grid for length in extent)
    end = math.ceil(edge)
    return image[top : top + end, left : left + end], (edge, edge)
