"""Count the floating-point operations of a forward pass."""

import math

import keras


def count_flops(model: keras.Model) -> int:
    """Multiplications and additions of all convolutions and dense layers for one image: twice the multiply-adds."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += count_flops(layer)
        elif layer.weights and hasattr(layer, "kernel") or isinstance(layer, keras.layers.SeparableConv2D):
            positions = math.prod(layer.output.shape[1:-1])
            total += 2 * positions * sum(math.prod(weight.shape) for weight in layer.weights if _is_kernel(weight))
    return total


def _is_kernel(weight: keras.Variable) -> bool:
    return "kernel" in weight.name
