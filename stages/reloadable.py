"""Rebuild the few backbones of `keras.applications` that plain Keras could not read back from an .h5 file."""

import keras


def make_reloadable(network: keras.Model) -> keras.Model:
    """The same network, of layers that every Keras reads back from .h5; most architectures are so already."""
    return replace_operations(replace_layer_scale(network))


def replace_layer_scale(network: keras.Model) -> keras.Model:
    """Put depthwise 1x1 convolutions, which give the same numbers, where a ConvNeXt has its own layer LayerScale.

    Keras does not register LayerScale, so plain Keras cannot reload an .h5 file that has one.

    Returns:
        A copy with the same weights; `network` itself where it has no such layer.
    """
    if all(type(layer).__name__ != "LayerScale" for layer in network.layers):
        return network

    def copy_layer(layer: keras.Layer) -> keras.Layer:
        if type(layer).__name__ == "LayerScale":
            return keras.layers.DepthwiseConv2D(1, use_bias=False, name=layer.name)
        return type(layer).from_config(layer.get_config())

    plain = keras.models.clone_model(network, clone_function=copy_layer)
    for layer in network.layers:
        copy = plain.get_layer(layer.name)
        pairs = zip(layer.get_weights(), copy.weights, strict=True)
        copy.set_weights([values.reshape(place.shape) for values, place in pairs])
    return plain


def replace_operations(network: keras.Model) -> keras.Model:
    """Replace each bare `x + constant` and `x * constant` in a network by a layer that does the same.

    MobileNetV3 has them. Keras saves such operations to .h5, but reads them back as its layers Add and Multiply, which
    take no constant: the file would not load.

    Returns:
        A model that shares the layers of `network`; `network` itself where it is made of layers alone.
    """
    if all(isinstance(operation, keras.Layer) for operation in network.operations):
        return network
    return keras.models.clone_model(network, clone_function=lambda layer: layer, call_function=_call_as_layer)


def _call_as_layer(operation, *arguments, **named):
    if isinstance(operation, keras.Layer):
        return operation(*arguments, **named)
    images, constant = arguments
    settings = {"Add": {"scale": 1.0, "offset": constant}, "Multiply": {"scale": constant}}[type(operation).__name__]
    return keras.layers.Rescaling(**settings, name=operation.name)(images)
