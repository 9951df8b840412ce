"""A member as a fit leaves it."""

from typing import NamedTuple

import keras

from stacker.artifacts.curves import Epoch
from stacker.training.linear_fits import LinearHead


class FittedMember(NamedTuple):
    """A member, trained or about to be.

    Attributes:
        head: from features to logits.
        model: from images to logits; None where only the head was needed so far.
        history: the epochs of all phases.
        kept: the index in `history` of the epoch whose weights the member has.
        tail: of `model`, from kept activations to logits; None where it was not fine-tuned from them.
        linear: the head in float64, where it was fitted to its optimum.
    """

    head: keras.Model
    model: keras.Model | None = None
    history: tuple[Epoch, ...] = ()
    kept: int = -1
    tail: keras.Model | None = None
    linear: LinearHead | None = None
