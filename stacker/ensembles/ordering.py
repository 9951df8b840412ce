"""An order of the members that no name, no file and no CPU decides."""

from collections.abc import Mapping

import numpy as np

from stacker.artifacts.logits import spread_logits
from stacker.artifacts.predictions import Predictions
from stacker.training.logit_losses import measure_losses


def order_members(predictions: Mapping[str, Predictions], labels: np.ndarray) -> list[str]:
    """The members from the lowest to the highest held-out log loss, whatever they are called and in which order.

    The first weights of a meta-model's units differ from input to input, so that the order decides the result; another
    CPU's rounding moves no loss far enough to change it.

    Args:
        predictions: by member.
        labels: of the train split, int64, (n,).
    """

    def measure(label: str) -> float:
        member = predictions[label]
        return float(measure_losses(spread_logits(member.held_out), labels[member.held_out_rows]).mean())

    return sorted(predictions, key=measure)
