"""Rebuild a network from layers that plain Keras reloads from an .h5 file.

Eight of the 40 architectures hold what it does not: ConvNeXt's LayerScale and InceptionResNetV2's CustomScaleLayer are
not registered with Keras, and MobileNetV3 adds and multiplies by bare numbers. Built-in layers compute the same.
"""

from typing import Any

import keras


def use_plain_layers(network: keras.Model) -> keras.Model:
    """`network` itself where all of it reloads; else a copy, weights included, in which built-in layers stand in."""
    if all(is_plain(part) for part in network.operations):
        return network
    plain = keras.models.clone_model(network, clone_function=_copy_operation, call_function=_call_operation)
    for layer in network.layers:
        if layer.weights:
            copy = plain.get_layer(layer.name)
            pairs = zip(layer.get_weights(), copy.weights, strict=True)
            copy.set_weights([values.reshape(place.shape) for values, place in pairs])
    return plain


def is_plain(part: Any) -> bool:
    """Is `part` of a network a layer that Keras itself finds again, or a network of its own?"""
    return isinstance(part, keras.Model) or (_is_layer(part) and hasattr(keras.layers, type(part).__name__))


def _is_layer(operation: Any) -> bool:
    return isinstance(operation, keras.Layer)


def _copy_operation(operation: Any) -> Any:
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
