"""A meta-model as plain arrays: what a fit gives, what the Keras model is made from, and what NumPy applies."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array

from stacker.artifacts.logits import compute_probabilities
from stacker.artifacts.row_blocks import cut_blocks

MOST_DENSE = 100_000  # weights of a layer


class MetaWeights(NamedTuple):
    """A meta-model.

    Attributes:
        members: in the order of its inputs.
        takes_logits: does its first layer take the members' logits, all of them side by side, and after them their
            probabilities; or the probabilities alone?
        layers: of every Dense layer the kernel, (inputs, units), and the bias, (units,). Hidden layers have a ReLU; the
            last one gives logits: one for two classes, for a sigmoid, else one a class, for a softmax.
    """

    members: list[str]
    takes_logits: bool
    layers: list[tuple[np.ndarray, np.ndarray]]


def apply_meta_weights(weights: MetaWeights, predictions: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the Keras meta-model gives before its sigmoid or softmax, by NumPy.

    Args:
        weights: of the meta-model.
        predictions: by member, logits, float32, (n, 1) or (n, classes), as its network gave them.

    Returns:
        Logits, float32, (n, 1) or (n, classes).
    """
    members = [predictions[member] for member in weights.members]
    layers = [(_thin_out(kernel), bias) for kernel, bias in weights.layers]
    widest = max(max(kernel.shape) for kernel, _ in weights.layers)
    blocks = cut_blocks(len(members[0]), widest)
    return np.concatenate(
        [_apply(layers, weights.takes_logits, [values[rows] for values in members]) for rows in blocks]
    )


def _thin_out(kernel: np.ndarray) -> np.ndarray | csr_array:
    """Of many classes, a kernel that carries each class's own logits is nearly all zeros, and slow to multiply with."""
    return csr_array(kernel) if kernel.size > MOST_DENSE and np.count_nonzero(kernel) < kernel.size / 10 else kernel


def _apply(
    layers: Sequence[tuple[np.ndarray | csr_array, np.ndarray]], takes_logits: bool, members: Sequence[np.ndarray]
) -> np.ndarray:
    logits = [values.astype(np.float64) for values in members]
    probabilities = [compute_probabilities(values) for values in logits]
    values = np.hstack([*logits, *probabilities] if takes_logits else probabilities)
    for kernel, bias in layers[:-1]:
        values = np.maximum(values @ kernel + bias, 0)
    kernel, bias = layers[-1]
    return np.asarray(values @ kernel + bias, dtype=np.float32)


def divide_logits(weights: MetaWeights, temperature: float) -> MetaWeights:
    """The meta-model at a temperature: folded into its last layer, so that plain Keras gives the result."""
    kernel, bias = weights.layers[-1]
    return weights._replace(layers=[*weights.layers[:-1], (kernel / temperature, bias / temperature)])
