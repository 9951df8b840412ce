"""What it costs to use a model, and how that is said: pure functions."""

from collections.abc import Iterable
from typing import NamedTuple

from stacker.artifacts.predictions import EnsemblePredictions, Predictions

DIGITS = 4  # of a file's size


class ModelCost(NamedTuple):
    """What does not change between runs; `stacker.backbones.costs` says what is counted.

    Attributes:
        parameters: numbers in the weights.
        gflop: billions of operations a photo.
        file_bytes: of the saved file, to four digits.
    """

    parameters: int
    gflop: float
    file_bytes: int

    @property
    def shown(self) -> tuple[str, str, str]:
        """Each in three digits with its unit, such as "24.1 M", "97 MB" and "4.6"."""
        return shorten_count(self.parameters), f"{shorten_count(self.file_bytes)}B", f"{self.gflop:.3g}"


def read_cost(predictions: Predictions | EnsemblePredictions) -> ModelCost | None:
    """What `train` or `stack` counted of a saved model; None where there was none to count."""
    if not predictions.parameters:
        return None
    file_bytes = int(predictions.file_bytes)
    # Four digits: the file also holds thresholds as text, which another CPU's rounding makes a little longer.
    file_bytes = round(file_bytes, DIGITS - len(str(file_bytes)))
    return ModelCost(int(predictions.parameters), float(predictions.gflop), file_bytes)


def add_costs(costs: Iterable[ModelCost | None]) -> ModelCost | None:
    """Of models that are used together; None where one of them has none."""
    known = list(costs)
    if None in known:
        return None
    parameters, gflop, file_bytes = zip(*filter(None, known), strict=True)
    return ModelCost(sum(parameters), sum(gflop), sum(file_bytes))


def shorten_count(number: int) -> str:
    """Such as "24.1 M": three digits, and k, M or G for thousands, millions or milliards."""
    value, units = float(number), ["", "k", "M", "G"]  # of bytes too: 1,000 and not 1,024
    while value >= 999.5 and len(units) > 1:
        value, units = value / 1000, units[1:]
    return f"{value:.3g} {units[0]}"
