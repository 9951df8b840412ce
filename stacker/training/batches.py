"""Feed arrays to Keras in batches: shuffled anew every epoch, read from the memory map, never copied whole."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np


class Shuffle(NamedTuple):
    """How far the shuffling is: the order of the rows in the next epoch, int64, (m,), and the generator's state."""

    rows: np.ndarray
    generator: dict[str, Any] | None


class Batches(keras.utils.PyDataset):  # type: ignore[misc] # Keras ships no types
    """Batches of (inputs, targets, weights) over chosen rows.

    Args:
        inputs: an array whose first axis is the rows (images, uint8, may be memory-mapped; or features), or a mapping
            of input names to such arrays.
        targets: (n, ...) float32, for all rows of `inputs`.
        rows: int64, the rows to take.
        batch_size: rows a batch; the last one may be smaller.
        seed: of the shuffling, which differs in every epoch; None keeps the order.
        weights: float32, (n,), a weight a row; None for equal ones.
    """

    def __init__(
        self,
        inputs: np.ndarray | Mapping[str, np.ndarray],
        targets: np.ndarray,
        rows: np.ndarray,
        batch_size: int,
        seed: int | None = None,
        weights: np.ndarray | None = None,
    ):
        super().__init__()
        self.inputs = inputs
        self.targets = targets
        self.weights = weights
        self.rows = np.array(rows)
        self.batch_size = batch_size
        self.generator = None if seed is None else np.random.default_rng(seed)
        self.on_epoch_end()

    def __len__(self) -> int:
        return -(-len(self.rows) // self.batch_size)

    def __getitem__(self, number: int) -> tuple[Any, ...]:
        # Sorted, so that the memory map is read in the order of the disk; a batch has no order of its own.
        rows = np.sort(self.rows[number * self.batch_size : (number + 1) * self.batch_size])
        inputs = keras.tree.map_structure(lambda values: _take(values, rows), self.inputs)
        if self.weights is None:
            return inputs, self.targets[rows]
        return inputs, self.targets[rows], self.weights[rows]

    def on_epoch_end(self) -> None:
        """Shuffle for the next epoch (Keras calls this)."""
        if self.generator is not None:
            self.generator.shuffle(self.rows)

    def read_shuffle(self) -> Shuffle:
        """How far the shuffling is, to go on from there later."""
        return Shuffle(self.rows.copy(), None if self.generator is None else dict(self.generator.bit_generator.state))

    def restore_shuffle(self, shuffle: Shuffle) -> None:
        """Go on from where `read_shuffle` was called, on batches of the same rows and seed."""
        self.rows = shuffle.rows
        if self.generator is not None and shuffle.generator is not None:
            self.generator.bit_generator.state = shuffle.generator


def encode_targets(labels: np.ndarray, output_width: int) -> np.ndarray:
    """Class indices as targets.

    Args:
        labels: int64, (n,), 0 to classes - 1.
        output_width: 1 for a sigmoid, the number of classes for a softmax.

    Returns:
        float32, (n, 1) for a sigmoid, one-hot (n, output_width) for a softmax.
    """
    if output_width == 1:
        return labels[:, np.newaxis].astype(np.float32)
    one_hot: np.ndarray = np.eye(output_width, dtype=np.float32)[labels]
    return one_hot


def _take(values: np.ndarray, rows: np.ndarray) -> np.ndarray:
    return np.asarray(values[rows], dtype=np.float32)
