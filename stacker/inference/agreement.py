"""How far two passes of one network may lie apart, and which photos show it."""

from typing import Literal, NamedTuple

import numpy as np

# Of a probability. In int8 single photos can move far, so that the mean over the photos counts there.
TOLERANCES = {"float32": 1e-3, "float16": 0.02, "bfloat16": 0.1, "int8": 0.1}
QUANTISED_PHOTOS = 256  # at least, where predictions came through int8 and the file does not: the metrics say how far


class Agreement(NamedTuple):
    """How far two passes lie apart.

    Attributes:
        difference: of the probabilities.
        tolerance: how large it may be.
        equal: the share of the photos for which both decide for the same class.
        meaning: of the difference, in a word: "largest" or "mean".
    """

    difference: float
    tolerance: float
    equal: float
    meaning: str

    @property
    def is_close(self) -> bool:
        """Does the coarsest of the precisions explain the difference? Never where it is undefined."""
        return self.difference < self.tolerance


def compare_passes(received: np.ndarray, wanted: np.ndarray, *precisions: str) -> Agreement:
    """Compare what two passes gave.

    Args:
        received: probabilities, float32, (n, 1) or (n, classes).
        wanted: likewise.
        precisions: of all that ran.
    """
    apart = np.abs(received - wanted).max(axis=1)
    is_coarse = "int8" in precisions
    return Agreement(
        difference=float(apart.mean() if is_coarse else apart.max()),
        tolerance=max(TOLERANCES[precision] for precision in precisions),
        equal=float(np.mean(decide(received) == decide(wanted))),
        meaning="mean" if is_coarse else "largest",
    )


def decide(probabilities: np.ndarray) -> np.ndarray:
    """The class decided for, int64, (n,), by probabilities, (n, 1) or (n, classes)."""
    is_single = probabilities.shape[1] == 1
    return np.asarray(probabilities[:, 0] > 0.5 if is_single else probabilities.argmax(axis=1), dtype=np.int64)


def choose_rows(n: int, photos: int | Literal["all"]) -> np.ndarray:
    """Row numbers, int64, sorted: `photos` of `n`, spread evenly, or all."""
    count = n if photos == "all" else min(n, photos)
    return np.arange(count) * n // count
