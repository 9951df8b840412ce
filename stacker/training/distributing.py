"""Split every batch of a fit among several devices: Keras' data parallelism, which runs on JAX.

Keras' own `DataParallel` hands each device its share of a batch, and stops at one that does not divide, as the last of
an epoch seldom does (keras-team/keras#21167). Here every device is given the whole batch, and what layers compute is
split: XLA fills up shares that are not full, and the fit sees the rows that it would on one device.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError


class SplitBatches(keras.distribution.DataParallel):  # type: ignore[misc] # Keras ships no types
    """Every device holds all weights and the whole batch, and computes a share of it."""

    def get_data_layout(self, data_shape: tuple[int, ...]) -> keras.distribution.TensorLayout:
        """Of what is fed: not split."""
        return keras.distribution.TensorLayout([None] * len(data_shape), self.device_mesh)

    def get_tensor_layout(self, path: str) -> keras.distribution.TensorLayout:  # noqa: ARG002 - as Keras calls it
        """Of what a layer gives: split along the batch."""
        return keras.distribution.TensorLayout([self.batch_dim_name], self.device_mesh)


@contextmanager
def distributed(model: keras.Model, distribution: str) -> Iterator[None]:
    """With "data_parallel", compile and fit `model` within on all devices; afterwards it is on one again.

    Raises:
        PipelineError: the backend cannot, or there is one device only.
    """
    if distribution == "single":
        yield
        return
    split = SplitBatches(devices=list_devices())
    with split.scope():
        for variable in model.variables:
            layout = split.get_variable_layout(variable)
            variable.assign(keras.distribution.distribute_tensor(variable.value, layout))
        try:
            yield
        finally:
            for variable in model.variables:
                variable.assign(np.asarray(variable))


def list_devices() -> list[str]:
    """The devices that share the work, such as "gpu:0".

    Raises:
        PipelineError: the backend cannot, or there is one only.
    """
    if keras.backend.backend() != "jax":
        raise PipelineError(
            f"training.distribution: data_parallel needs `backend: jax`, received {keras.backend.backend()}: set single"
        )
    devices: list[str] = keras.distribution.list_devices()
    if len(devices) < 2:
        raise PipelineError(
            f"training.distribution: data_parallel needs at least two devices, JAX found {', '.join(devices)}: set "
            "single"
        )
    return devices
