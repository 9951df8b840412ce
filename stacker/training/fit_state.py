"""Where a fit stands at the end of an epoch: all that the next epoch hangs on, to read it and to put it back.

Keras' `BackupAndRestore` keeps weights and optimizer, but not how long early stopping has waited and its best weights
(keras-team/keras#14862), nor how far the shuffling is. Of that there are two: `Batches` shuffles rows, and Keras lets
Python's own `random` shuffle the batches once more. What else draws in a fit are layers with a generator each, which is
one of the model's variables: Keras' global seed is read where a layer is built, not in an epoch. (On PyTorch they draw
from its own generators, which are seeded for every epoch: `epoch_draws`.)
"""

import random
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import keras
import numpy as np

from stacker.artifacts.checkpoints import Checkpoint
from stacker.artifacts.curves import Epoch
from stacker.training.batches import Batches, Shuffle

STOPPING = ("wait", "best", "best_epoch", "stopped_epoch")  # what early stopping counts


class FitParts(NamedTuple):
    """What changes while Keras fits.

    Attributes:
        model: compiled.
        train: the batches that it learns from.
        epochs: those that are done.
        stopping: early stopping; None where there is none.
    """

    model: keras.Model
    train: Batches
    epochs: list[Epoch]
    stopping: keras.callbacks.EarlyStopping | None


def read_state(parts: FitParts) -> Checkpoint:
    """All that the next epoch hangs on, to be read at the end of one."""
    shuffle = parts.train.read_shuffle()
    arrays = {"rows": shuffle.rows, **_name("model", _read_variables(parts.model.variables))}
    arrays |= _name("optimizer", _read_variables(parts.model.optimizer.variables))
    facts: dict[str, Any] = {"epochs": parts.epochs, "shuffle": shuffle.generator, "random": random.getstate()}
    if parts.stopping is not None:
        facts["stopping"] = {name: getattr(parts.stopping, name) for name in STOPPING}
        arrays |= _name("best", parts.stopping.best_weights)
    return Checkpoint(arrays, facts)


def restore_state(parts: FitParts, state: Checkpoint) -> None:
    """Put back what `read_state` gave of a fit of the same model, rows and settings.

    To be called when Keras has shuffled for the first epoch.
    """
    if not parts.model.optimizer.built:  # Keras does so in the first step, or before; one that scales may not be twice
        parts.model.optimizer.build(parts.model.trainable_variables)
    _assign(parts.model.variables, _list("model", state))
    _assign(parts.model.optimizer.variables, _list("optimizer", state))
    parts.train.restore_shuffle(Shuffle(state.arrays["rows"], state.facts["shuffle"]))
    version, numbers, following = state.facts["random"]
    random.setstate((version, tuple(numbers), following))
    parts.epochs[:] = read_epochs(state)
    if parts.stopping is not None:
        for name in STOPPING:
            setattr(parts.stopping, name, state.facts["stopping"][name])
        parts.stopping.best_weights = list(_list("best", state))


def read_end(model: keras.Model, epochs: Iterable[Epoch]) -> Checkpoint:
    """What a fit that is done has left: the weights that it keeps, and its epochs."""
    return Checkpoint(_name("model", _read_variables(model.variables)), {"epochs": list(epochs)})


def restore_end(model: keras.Model, state: Checkpoint) -> list[Epoch]:
    """Put back what `read_end` gave of the same model; its epochs."""
    _assign(model.variables, _list("model", state))
    return read_epochs(state)


def read_epochs(state: Checkpoint) -> list[Epoch]:
    """The epochs that were done."""
    return [Epoch(*values) for values in state.facts["epochs"]]


def _read_variables(variables: Iterable[keras.Variable]) -> Iterator[np.ndarray]:
    return (np.asarray(keras.ops.convert_to_numpy(variable)) for variable in variables)


def _name(kind: str, values: Iterable[np.ndarray]) -> dict[str, np.ndarray]:
    return {f"{kind}/{number}": value for number, value in enumerate(values)}


def _list(kind: str, state: Checkpoint) -> Iterator[np.ndarray]:
    count = sum(name.startswith(f"{kind}/") for name in state.arrays)
    return (state.arrays[f"{kind}/{number}"] for number in range(count))


def _assign(variables: Iterable[keras.Variable], values: Iterable[np.ndarray]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)
