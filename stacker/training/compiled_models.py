"""Compiled models that stand in for others of the same layers: Keras traces one, not one for every fold."""

from collections.abc import Callable, Hashable

import keras
import numpy as np


class CompiledModels:
    """Models that were compiled for earlier fits, to be used again."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[keras.Model, list[np.ndarray]]] = {}

    def take(
        self,
        model: keras.Model,
        key: Hashable,
        compile_model: Callable[[keras.Model], None],
        kind: type[keras.Model] | None = None,
    ) -> keras.Model:
        """A compiled model that starts as `model`, generators of random numbers included, with a fresh optimizer.

        Args:
            model: of the same layers as all others that were given with this key.
            key: of all that compiling depends on.
            compile_model: compiles the model that it is given.
            kind: of model that it is to be, with the same layers; None for the kind of `model`.
        """
        if key not in self._kept:
            twin = keras.models.clone_model(model)
            if kind is not None:
                twin = kind(twin.inputs, twin.outputs)
            compile_model(twin)
            twin.optimizer.build(twin.trainable_variables)
            self._kept[key] = twin, [keras.ops.convert_to_numpy(value).copy() for value in twin.optimizer.variables]
        twin, start = self._kept[key]
        copy_variables(model, twin)
        for variable, value in zip(twin.optimizer.variables, start, strict=True):
            variable.assign(value)
        return twin


def copy_variables(source: keras.Model, target: keras.Model) -> None:
    """Give `target` all that `source`, a model of the same layers, has: weights, and how far its generators are."""
    for variable, value in zip(target.variables, source.variables, strict=True):
        variable.assign(value)
