"""What a penalised meta-model counts with: the members' logits, and their probabilities on one scale."""

from typing import NamedTuple

import numpy as np

from stacker.artifacts.logits import spread_classes, spread_logits
from stacker.ensembles.held_out_rows import Logits


class Inputs(NamedTuple):
    """What the members say of n rows, float64.

    Attributes:
        logits: (members, n * outputs): log odds for two classes, else log probabilities.
        probabilities: (n, columns), standardised: centred by column, divided by one deviation for all.
    """

    logits: np.ndarray
    probabilities: np.ndarray

    def take(self, rows: slice) -> "Inputs":
        """Views of some rows."""
        outputs = self.logits.shape[1] // max(1, len(self.probabilities))
        return Inputs(self.logits[:, rows.start * outputs : rows.stop * outputs], self.probabilities[rows])


class Scale(NamedTuple):
    """How probabilities are standardised: less `centre`, (columns,), divided by `deviation`."""

    centre: np.ndarray
    deviation: float


def stack_probabilities(logits: Logits, is_bent: bool = True) -> np.ndarray:
    """The members' probabilities side by side, float64, (n, columns): of two classes the second one's alone.

    Without units to take them (`is_bent` is false) there are no columns: with many classes they would fill the memory.
    """
    if not is_bent:
        return np.empty((len(next(iter(logits.values()))), 0))
    spread = [spread_classes(values) for values in logits.values()]
    return np.hstack([values[:, 1:] if values.shape[1] == 2 else values for values in spread])


def measure_scale(probabilities: np.ndarray) -> Scale:
    """The standardisation of probabilities, float64, (n, columns)."""
    centre = probabilities.mean(axis=0)
    deviation = float(np.sqrt(((probabilities - centre) ** 2).mean())) if probabilities.size else 0.0
    return Scale(centre, deviation or 1.0)


def prepare_inputs(logits: Logits, scale: Scale) -> Inputs:
    """Logits and standardised probabilities, of as many columns as `scale` has."""
    spread = (spread_logits(values).ravel() for values in logits.values())
    first = next(spread)
    flat = np.empty((len(logits), len(first)))
    flat[0] = first
    del first  # of many classes, one member's takes as much as all else
    for number, values in enumerate(spread, start=1):
        flat[number] = values
    probabilities = stack_probabilities(logits, is_bent=len(scale.centre) > 0)
    return Inputs(flat, (probabilities - scale.centre) / scale.deviation)
