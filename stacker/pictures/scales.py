"""Which models share an axis: one poor model must not squeeze all others."""

import numpy as np

SQUEEZE = 3.0  # a model lies outside that would make the axis more than so many times as long
MOST_OUTSIDE = 4  # one model in so many: those outside are exceptions
FINEST = 0.002  # an axis is not made shorter than this


def find_inside(ends: np.ndarray, is_lower_better: bool = True) -> np.ndarray:
    """Which models an axis is made for: all, or all but the poor ones that would take most of it for themselves.

    One in four at most lies outside, of three or more models one; of two both are inside.

    Args:
        ends: each model's lowest and highest value, float64, (m, 2).
        is_lower_better: are low values the good ones?

    Returns:
        Bool, (m,).
    """
    m = len(ends)
    order = np.argsort(ends[:, 1] if is_lower_better else -ends[:, 0], kind="stable")
    low, high = np.minimum.accumulate(ends[order, 0]), np.maximum.accumulate(ends[order, 1])
    spans = np.maximum(high - low, FINEST)  # of an axis for the best model, the best two, ...
    fewest = m - max(m // MOST_OUTSIDE, 1) if m > 2 else m
    kept = next((count for count in range(fewest, m) if spans[count] > SQUEEZE * spans[count - 1]), m)
    inside = np.zeros(m, bool)
    inside[order[:kept]] = True
    return inside


def pad_limits(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis with some room beside them, also where they are equal."""
    room = max(0.06 * (high - low), FINEST)
    return low - room, high + room
