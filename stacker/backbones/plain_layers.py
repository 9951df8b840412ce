"""Rebuild a network from layers that plain Keras reloads from an .h5 file.

16 of the 40 architectures hold what it does not: ConvNeXt's LayerScale and InceptionResNetV2's CustomScaleLayer are not
registered with Keras, MobileNetV3 adds and multiplies by bare numbers, and EfficientNetB0 to B7 have a Normalization,
whose statistics are read, but not used, where the network is part of another one. Built-in layers compute the same.
"""

from functools import partial
from typing import Any

import keras
import numpy as np

# Of ImageNet's pixels, by channel. In Keras' weights for EfficientNetB0 to B7 they stand where the squares belong; for
# `weights="imagenet"`, and not for a file that holds the same, Keras adds a layer that mends it (tensorflow#49930).
DEVIATIONS = (0.229, 0.224, 0.225)


def use_plain_layers(network: keras.Model) -> keras.Model:
    """`network` itself where all of it reloads; else a copy, weights included, in which built-in layers stand in."""
    if all(is_plain(part) for part in network.operations):
        return network
    is_mended = any(isinstance(layer, keras.layers.Rescaling) and np.ndim(layer.scale) for layer in network.layers)
    copy_operation = partial(_copy_operation, is_mended=is_mended)
    plain = keras.models.clone_model(network, clone_function=copy_operation, call_function=_call_operation)
    for layer in network.layers:
        if layer.weights and not _has_statistics(layer):
            copy = plain.get_layer(layer.name)
            pairs = zip(layer.get_weights(), copy.weights, strict=True)
            copy.set_weights([values.reshape(place.shape) for values, place in pairs])
    return plain


def is_plain(part: Any) -> bool:
    """Is `part` of a network a layer that Keras itself finds again, or a network of its own?"""
    is_built_in = _is_layer(part) and hasattr(keras.layers, type(part).__name__)
    return isinstance(part, keras.Model) or (is_built_in and not _has_statistics(part))


def _is_layer(operation: Any) -> bool:
    return isinstance(operation, keras.Layer)


def _has_statistics(operation: Any) -> bool:
    """Is it a Normalization with statistics of its own, not with those of its configuration?"""
    return isinstance(operation, keras.layers.Normalization) and bool(operation.weights)


def _build_scaling(normalization: keras.layers.Normalization, is_mended: bool) -> keras.layers.Rescaling:
    mean, variance = (np.asarray(values, np.float64) for values in normalization.get_weights()[:2])
    is_squared = is_mended or variance.shape != (3,) or not np.allclose(variance, DEVIATIONS, rtol=1e-4)
    scale = 1 / (np.sqrt(variance) if is_squared else variance)
    return keras.layers.Rescaling(scale.tolist(), (-mean * scale).tolist(), name=normalization.name)


def _copy_operation(operation: Any, is_mended: bool) -> Any:
    if _has_statistics(operation):
        return _build_scaling(operation, is_mended)
    if type(operation).__name__ == "LayerScale":  # a factor a channel
        return keras.layers.DepthwiseConv2D(1, use_bias=False, name=operation.name)
    return type(operation).from_config(operation.get_config()) if _is_layer(operation) else operation


def _call_operation(operation: Any, *inputs: Any, **options: Any) -> Any:
    kind = type(operation).__name__
    if kind == "CustomScaleLayer":
        shortcut, residual = inputs[0]
        scaled = keras.layers.Rescaling(operation.scale, name=f"{operation.name}_residual")(residual)
        return keras.layers.Add(name=operation.name)([shortcut, scaled])
    if _is_layer(operation):
        return operation(*inputs, **options)
    tensor, number = inputs
    if isinstance(number, keras.KerasTensor):
        return getattr(keras.layers, kind)(name=operation.name)([tensor, number])
    scale, offset = {"Add": (1.0, number), "Multiply": (number, 0.0)}[kind]
    return keras.layers.Rescaling(scale, offset, name=operation.name)(tensor)
