"""What a precision other than float32 needs in training: TensorFlow's graph optimizer, or a scaled loss."""

from collections.abc import Iterator
from contextlib import contextmanager

import keras

from stacker.artifacts.errors import PipelineError


def scale_loss(optimizer: keras.optimizers.Optimizer, precision: str) -> keras.optimizers.Optimizer:
    """With "mixed_float16", let Keras scale the loss, so that small gradients do not become 0 on their way.

    Keras does so by itself only where the model that is compiled has that policy. Here a network inside it has: head
    and pixel scaling stay in float32.
    """
    return keras.optimizers.LossScaleOptimizer(optimizer) if precision == "mixed_float16" else optimizer


@contextmanager
def graph_precision(precision: str) -> Iterator[None]:
    """With "auto_bfloat16", let TensorFlow's graph optimizer choose what runs in bfloat16; weights stay float32.

    It leaves alone what has no fast bfloat16 kernel, such as depthwise convolutions; a Keras policy casts all the same,
    and gains less on a CPU, or loses (benchmarks/RESULTS.md).
    """
    if precision != "auto_bfloat16":
        yield
        return
    if keras.backend.backend() != "tensorflow":
        raise PipelineError(
            f"training.precision: auto_bfloat16 needs `backend: tensorflow`, received {keras.backend.backend()}: "
            "set float32 or mixed_bfloat16"
        )
    import openvino
    import tensorflow

    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        raise PipelineError("training.precision: this CPU has no bfloat16: set float32 instead of auto_bfloat16")
    optimizer = tensorflow.config.optimizer
    optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    try:
        yield
    finally:
        optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": False})
