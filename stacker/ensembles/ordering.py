"""An order of the members that no name and no file decides."""

import hashlib
from collections.abc import Mapping

import numpy as np

from stacker.artifacts.predictions import Predictions


def order_members(predictions: Mapping[str, Predictions]) -> list[str]:
    """An order of the members that depends on their predictions alone, not on labels or on the order in params.yaml.

    The initial weights of the meta-model differ from input to input, so the order decides the result.
    """

    def digest(label: str) -> bytes:
        return hashlib.blake2b(np.ascontiguousarray(predictions[label].held_out).tobytes()).digest()

    return sorted(predictions, key=digest)
