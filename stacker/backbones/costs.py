"""What a network costs: its parameters, and the operations that it does for one photo."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError

# As their kernels are shared by all places of the output (SeparableConv has two), or, transposed, of the input.
KERNELS = ("kernel", "depthwise_kernel", "pointwise_kernel")
COUNTED = (
    keras.layers.Dense,
    *(getattr(keras.layers, f"Conv{rank}D{kind}") for rank in (1, 2, 3) for kind in ("", "Transpose")),
    *(getattr(keras.layers, f"{kind}Conv{rank}D") for rank in (1, 2) for kind in ("Depthwise", "Separable")),
)
TRANSPOSED = tuple(getattr(keras.layers, f"Conv{rank}DTranspose") for rank in (1, 2, 3))


class Cost(NamedTuple):
    """What one network costs.

    Attributes:
        parameters: numbers in its weights, trained or not; those of a shared layer count once.
        gflop: billions of operations for one photo; those of a shared layer count at each call.
    """

    parameters: int
    gflop: float


def compute_cost(model: keras.Model) -> Cost:
    """Count the parameters of `model`, and the operations of one pass of one photo.

    A multiply-add is two operations, as TensorFlow's profiler counts (`_conv_2d_flops` in its flops_registry.py);
    papers on architectures (MobileNetV2, NASNet, ResNet) give multiply-adds, half as many. As in these, those of
    convolutions and dense layers count; biases, normalisation, activations, pooling and additions do not.

    Args:
        model: of built-in layers, which may be nested models; of images of one size.

    Raises:
        PipelineError: a layer's operations are not known here, or depend on the photo's size.
    """
    return Cost(model.count_params(), 2 * _count_multiply_adds(model) / 1e9)


def _count_multiply_adds(model: keras.Model, config: Mapping[str, Any] | None = None) -> int:
    """Multiply-adds of a network, whose configuration need not be made anew where it was part of another's."""
    if isinstance(model, keras.Sequential):
        model, config = keras.Model(model.inputs, model.outputs), None  # which has a graph
    operations = {operation.name: operation for operation in model.operations}
    total = 0
    # The configuration names the calls that belong to this network: the layer itself also knows those of others.
    for entry in (config or model.get_config())["layers"]:
        operation = operations[entry["name"]]
        for call in entry["inbound_nodes"]:
            if isinstance(operation, keras.Model):
                total += _count_multiply_adds(operation, entry["config"])
            else:
                shapes = list(_find_shapes(call["args"]))
                total += _count_call(operation, shapes[0], shapes[-1])
    return total


def _count_call(operation: Any, shape: Sequence[int | None], last: Sequence[int | None]) -> int:
    """Multiply-adds of one call whose first and last inputs have these shapes; the first dimension is the batch."""
    if isinstance(operation, keras.layers.MultiHeadAttention):
        return _count_attention(operation, shape, last)
    if not isinstance(operation, COUNTED):
        if any(len(weight.shape) > 1 for weight in getattr(operation, "weights", ())):
            raise PipelineError(
                f"layer {operation.name}: the operations of {type(operation).__name__} are not known, expected one of "
                f"{', '.join(kind.__name__ for kind in COUNTED)}: add it to stacker/backbones/costs.py"
            )
        return 0
    places = shape if isinstance(operation, TRANSPOSED) else operation.compute_output_shape(shape)
    sides = _drop_channels(operation, places)
    if None in sides:
        raise PipelineError(f"layer {operation.name}: its operations depend on the size of the photo, {tuple(shape)}")
    kernels = [getattr(operation, name) for name in KERNELS if hasattr(operation, name)]
    multiply_adds: int = math.prod(sides) * sum(math.prod(kernel.shape) for kernel in kernels)
    return multiply_adds


def _count_attention(layer: Any, queries: Sequence[Any], values: Sequence[Any]) -> int:
    """Multiply-adds of the four dense layers, and of each query with each key and each value."""
    (_, rows, width), (_, looked_at, seen_width) = queries, values
    if None in (rows, looked_at):
        raise PipelineError(f"layer {layer.name}: its operations depend on the size of the photo, {tuple(queries)}")
    inner = layer.num_heads * layer.key_dim
    multiply_adds: int = 2 * inner * (rows * width + looked_at * seen_width + rows * looked_at)
    return multiply_adds


def _drop_channels(layer: keras.Layer, shape: Sequence[Any]) -> Sequence[Any]:
    return shape[2:] if getattr(layer, "data_format", "channels_last") == "channels_first" else shape[1:-1]


def _find_shapes(value: Any) -> Iterator[Sequence[int | None]]:
    """The shapes of the tensors in a call's serialised arguments."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        yield value["config"]["shape"]
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _find_shapes(item)


def measure_cost(model: keras.Model) -> dict[str, np.ndarray]:
    """The same as fields of saved predictions, (): `parameters`, int64, and `gflop`, float64."""
    return {name: np.array(value) for name, value in compute_cost(model)._asdict().items()}
