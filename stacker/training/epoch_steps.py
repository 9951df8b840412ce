"""A model to which a whole epoch is one step: it cuts the batches out of arrays in memory by itself.

A step of a head takes less time than Keras needs to fetch a batch for it. The batches are those of `Batches`, in the
order in which Keras would take them, so that a fit gives the same.
"""

import random
from typing import Any

import keras
import numpy as np

from stacker.training.batches import Batches

MOST_BYTES = 2**30  # of arrays: they are copied


def may_be_held(train: Batches, validation: Batches) -> bool:
    """Has each one array as input, small enough to be held as a tensor, and is TensorFlow there to hold it?"""
    arrays = [batches.inputs for batches in (train, validation) if isinstance(batches.inputs, np.ndarray)]
    if keras.backend.backend() != "tensorflow" or len(arrays) < 2:
        return False
    return sum(array.size for array in arrays) * np.dtype(np.float32).itemsize <= MOST_BYTES


class Held:
    """The arrays of some batches as variables of TensorFlow, with what an epoch is made of.

    Attributes:
        size: rows a batch.
        arrays: inputs, targets and, where there are any, weights.
        rows: int64, (m,), batch after batch.
        starts: int64, (batches,), where in `rows` each begins, in the order in which they are taken.
    """

    def __init__(self, batches: Batches):
        import tensorflow

        def hold(values: np.ndarray, kind: Any) -> Any:
            return tensorflow.Variable(values, trainable=False, dtype=kind, shape=[None, *values.shape[1:]])

        self.size = batches.batch_size
        self.arrays = [hold(values, tensorflow.float32) for values in _list_arrays(batches)]
        self.rows, self.starts = (hold(values, tensorflow.int64) for values in _list_epoch(batches))

    def fill(self, batches: Batches) -> None:
        """Hold other arrays, of the same width."""
        for variable, values in zip(self.arrays, _list_arrays(batches), strict=True):
            variable.assign(values)
        self.order(batches)

    def order(self, batches: Batches, is_shuffled: bool = False) -> None:
        """Take the rows in today's order, the batches one after the other or shuffled by Python's `random`."""
        rows, starts = _list_epoch(batches)
        if is_shuffled:
            drawn = starts.tolist()
            random.shuffle(drawn)
            starts = np.array(drawn)
        self.rows.assign(rows)
        self.starts.assign(starts)


class EpochDraws(keras.callbacks.Callback):  # type: ignore[misc] # Keras ships no types
    """Shuffles what is learnt before every epoch, as Keras does: the rows, then the order of the batches.

    (Keras' `PyDatasetAdapter` lets `Batches` shuffle before the first epoch and after each.)
    """

    def __init__(self, held: Held, train: Batches):
        super().__init__()
        self.held, self.train = held, train

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:  # noqa: ARG002 - as Keras calls it
        self.train.on_epoch_end()
        self.held.order(self.train, is_shuffled=True)


class EpochModel(keras.Model):  # type: ignore[misc] # Keras ships no types
    """A functional model that takes an epoch as one step, whatever it is given; on TensorFlow."""

    holds: tuple[Held, Held] | None = None

    def hold(self, train: Batches, validation: Batches) -> EpochDraws:
        """Hold the arrays of both; a second time those of batches of the same size, without compiling anew.

        Returns:
            What `fit` is to call back.
        """
        if self.holds is None:
            self.holds = (Held(train), Held(validation))
        else:
            for held, batches in zip(self.holds, (train, validation), strict=True):
                held.fill(batches)
        return EpochDraws(self.holds[0], train)

    def train_step(self, data: Any) -> dict[str, Any]:  # noqa: ARG002 - as Keras calls it
        """An epoch (Keras calls this)."""
        return self._run(super().train_step, 0)

    def test_step(self, data: Any) -> dict[str, Any]:  # noqa: ARG002 - as Keras calls it
        """A pass of what is watched (Keras calls this)."""
        return self._run(super().test_step, 1)

    def _run(self, step: Any, number: int) -> dict[str, Any]:
        import tensorflow

        held = self.holds[number]  # type: ignore[index] # `hold` goes before
        rows, starts = held.rows.read_value(), held.starts.read_value()

        def take(done: Any) -> tuple[Any]:
            chosen = rows[starts[done] : starts[done] + held.size]
            batch = tuple(tensorflow.gather(values, chosen) for values in held.arrays)
            with tensorflow.control_dependencies(list(step(batch).values())):
                return (done + 1,)

        count = tensorflow.shape(starts)[0]
        end = tensorflow.while_loop(lambda done: done < count, take, (0,), parallel_iterations=1)
        with tensorflow.control_dependencies(end):
            return dict(self.get_metrics_result())


def build_signal() -> Any:
    """What `fit` of an `EpochModel` is given: one element, of no meaning, for its one step."""
    import tensorflow

    return tensorflow.data.Dataset.from_tensors([0])


def _list_arrays(batches: Batches) -> list[np.ndarray]:
    arrays = [batches.inputs, batches.targets, *([] if batches.weights is None else [batches.weights])]
    return [np.asarray(array, np.float32) for array in arrays]


def _list_epoch(batches: Batches) -> tuple[np.ndarray, np.ndarray]:
    """Rows, sorted within each batch as `Batches` gives them, and where each batch begins."""
    starts = np.arange(0, len(batches.rows), batches.batch_size)
    return np.concatenate([np.sort(batches.rows[start : start + batches.batch_size]) for start in starts]), starts
