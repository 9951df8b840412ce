"""Photos that are odd to look at: dark, bright, blank, blurred, of an extreme shape.

Measures and thresholds are those of CleanVision (cleanlab, 2022: `issue_managers/image_property.py`), taken from the
prepared arrays; but sharpness, which is the variance of the Laplacian (Pech-Pacheco et al., 2000) divided by that of
the greys, as a pale photo is not a blurred one. That measure hangs on the size of the images, so the typical photo of
the set is the yardstick.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import cv2
import numpy as np

from stacker.artifacts.progress import Progress

DARKEST = 0.32  # of white: the brightest hundredth of a dark photo lies below
BRIGHTEST = 0.95  # of white: the darkest twentieth of a bright photo lies above
LEAST_ENTROPY = 3.0  # bits a pixel: 8 grey levels, each as frequent
LEAST_SHAPE = 0.35  # short side by long side
LEAST_SHARPNESS = 1 / 16  # of the median photo's
MOST_OF_SET = 0.5  # what is true of more than half of the photos says what the set is like: no photo is odd by it


class Measures(NamedTuple):
    """What is measured of some photos, float64, (n,) each.

    Attributes:
        brightest: the grey that 99 of 100 pixels do not exceed, 0-1.
        darkest: the grey that 5 of 100 pixels do not exceed, 0-1.
        entropy: of the greys, bits a pixel, 0-8.
        sharpness: the variance of the Laplacian divided by that of the greys; infinite for a photo of one grey.
    """

    brightest: np.ndarray
    darkest: np.ndarray
    entropy: np.ndarray
    sharpness: np.ndarray


class Odd(NamedTuple):
    """What one rule finds.

    Attributes:
        rows: int64, (m,), the oddest first; of equals, the first row.
        values: float64, (m,), what was measured of them.
        is_usual: are so many photos like that that none of them is odd?
    """

    rows: np.ndarray
    values: np.ndarray
    is_usual: bool


def measure_photos(images: Iterable[np.ndarray], count: int, bar: Progress) -> Measures:
    """Measure photos one after the other, so that memory-mapped arrays stay on disk.

    Args:
        images: uint8, (height, width, 3) each, RGB, 0-255.
        count: how many there are.
        bar: moved on by each photo.
    """
    measured = np.empty((count, len(Measures._fields)))
    for row, image in enumerate(images):
        measured[row] = _measure(np.asarray(image))
        bar.update()
    return Measures(*measured.T)


def find_odd(measures: Measures, shapes: np.ndarray) -> dict[str, Odd]:
    """The odd photos, by what is odd.

    Args:
        measures: of n photos.
        shapes: short side by long side of the files, float64, (n,), 0-1.
    """
    textured = measures.sharpness[np.isfinite(measures.sharpness)]
    blurred_below = LEAST_SHARPNESS * float(np.median(textured)) if len(textured) else 0.0
    rules: Mapping[str, tuple[np.ndarray, Callable[[np.ndarray], np.ndarray]]] = {
        "dark": (measures.brightest, lambda values: values < DARKEST),
        "bright": (measures.darkest, lambda values: values > BRIGHTEST),
        "blank": (measures.entropy, lambda values: values < LEAST_ENTROPY),
        "blurred": (measures.sharpness, lambda values: values < blurred_below),
        "extreme shape": (shapes, lambda values: values < LEAST_SHAPE),
    }
    return {name: _apply(values, rule(values), name == "bright") for name, (values, rule) in rules.items()}


def compute_shapes(sizes: Sequence[tuple[int, int]]) -> np.ndarray:
    """Short side by long side, float64, (n,), of widths and heights."""
    values = np.array(sizes, np.float64).reshape(-1, 2)
    return np.asarray(values.min(axis=1) / values.max(axis=1))


def _apply(values: np.ndarray, is_odd: np.ndarray, is_high: bool) -> Odd:
    rows = np.flatnonzero(is_odd)
    rows = rows[np.argsort(-values[rows] if is_high else values[rows], kind="stable")]
    return Odd(rows, values[rows], len(rows) > MOST_OF_SET * len(values))


def _measure(image: np.ndarray) -> tuple[float, float, float, float]:
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    counts = cv2.calcHist([grey], [0], None, [256], [0, 256]).ravel().astype(np.float64)
    below = np.cumsum(counts)
    shares = counts[counts > 0] / grey.size
    brightest, darkest = (float(np.searchsorted(below, share * grey.size)) / 255 for share in (0.99, 0.05))
    spread = float(cv2.meanStdDev(grey)[1][0, 0])
    edges = float(cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))[1][0, 0])
    sharpness = (edges / spread) ** 2 if spread else np.inf
    return brightest, darkest, float(-(shares * np.log2(shares)).sum()), sharpness
