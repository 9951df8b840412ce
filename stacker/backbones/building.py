"""Build a backbone that takes raw RGB pixels and gives features."""

import importlib
from pathlib import Path

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.hdf5_check import UNREADABLE, Refused, count_numbers
from stacker.backbones.plain_layers import use_plain_layers
from stacker.backbones.resizing import build_resizing
from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.backbone import Backbone

WEIGHTS_SUFFIXES = (".h5", ".hdf5")
POOLINGS = {
    "avg": keras.layers.GlobalAveragePooling2D,
    "max": keras.layers.GlobalMaxPooling2D,
    "flatten": keras.layers.Flatten,
}


def build_backbone(label: str, settings: Backbone, array_size: int) -> keras.Model:
    """Build a member's backbone, scaling and pooling included.

    Args:
        label: the member's label; the input is named after it.
        settings: the member's backbone.
        array_size: side of the prepared images, pixels.

    Returns:
        A model from images, (n, array_size, array_size, 3), RGB, 0-255, to features, (n, f), float32. Its weights are
        trainable where `settings.trainable` says so. The layer "network" is the architecture itself.

    Raises:
        PipelineError: the weights file is not there, or does not fit the architecture.
    """
    _check_weights(label, settings.weights)
    keras.utils.set_random_seed(settings.seed)
    image_size = settings.image_size or array_size
    network = _build_network(settings, image_size)
    network.name = "network"
    if settings.batch_norm_momentum is not None:
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = settings.batch_norm_momentum
    network.trainable = settings.trainable
    images = keras.Input((array_size, array_size, 3), name=label)
    inner = images
    if image_size != array_size:
        inner = build_resizing(array_size, image_size)(inner)
    inner = build_pixel_scaling(settings.name)(inner)
    features = POOLINGS[settings.pooling](name="pool", dtype="float32")(network(inner))
    return keras.Model(images, features, name=f"{label}_backbone")


def build_pixel_scaling(architecture: str) -> keras.layers.Dense:
    """The architecture's own `preprocess_input` as a frozen layer on the channel axis.

    Every `preprocess_input` of `keras.applications` is an affine map of the three channels. Probed at black and at each
    pure channel, it fits a Dense(3) exactly, swapped channels included, and a Dense reloads from .h5 in plain Keras,
    which neither a Lambda nor symbolic operations do.

    Raises:
        PipelineError: the map is not affine, as a future architecture's might be.
    """
    module = importlib.import_module(f"keras.applications.{ARCHITECTURES[architecture].module}")
    probes = np.zeros((5, 1, 1, 3), dtype=np.float32)
    for channel in range(3):
        probes[1 + channel, 0, 0, channel] = 255
    probes[4] = (10, 100, 200)
    mapped = module.preprocess_input(probes.copy(), data_format="channels_last").reshape(5, 3)
    bias = mapped[0]
    kernel = (mapped[1:4] - bias) / 255
    if not np.allclose(probes[4].reshape(3) @ kernel + bias, mapped[4], atol=1e-4):
        raise PipelineError(f"preprocess_input of {architecture} is no affine map of the channels: not supported")
    scaling = keras.layers.Dense(3, trainable=False, name="scale_pixels", dtype="float32")
    scaling.build((None, None, None, 3))
    scaling.set_weights([kernel, bias])
    return scaling


def _check_weights(label: str, weights: str | None) -> None:
    if weights in (None, "imagenet"):
        return
    where = f"members.{label}.backbone.weights, or the shared backbone.weights"
    if not Path(weights).is_file():
        raise PipelineError(
            f"{where}: expected `imagenet`, `null` for random weights, or the path of an existing weights file, "
            f"received {weights!r}"
        )
    try:
        if not weights.endswith(WEIGHTS_SUFFIXES):  # by another one Keras takes it for an archive
            raise Refused(f"a file of weights ends in {' or '.join(WEIGHTS_SUFFIXES)}")
        count_numbers(Path(weights))
    except (Refused, *UNREADABLE) as reason:
        raise PipelineError(f"{where}: {weights!r} is refused: {reason}. Take it from where you trust it") from None


def _build_network(settings: Backbone, image_size: int) -> keras.Model:
    architecture = getattr(keras.applications, settings.name)
    try:
        network = architecture(include_top=False, weights=settings.weights, input_shape=(image_size, image_size, 3))
        return use_plain_layers(network)
    except (ValueError, OSError) as error:
        if settings.weights is None:
            raise
        hint = (
            "it downloads them once, which needs a network: or name a file"
            if settings.weights == "imagenet"
            else "the file must hold this architecture's weights without its top"
        )
        raise PipelineError(f"{settings.name} could not load weights={settings.weights!r} ({hint}): {error}") from error
    except Exception as error:
        # Keras raises a bare Exception when a download fails (keras.utils.get_file).
        if "URL fetch failure" not in str(error):
            raise
        raise PipelineError(
            f"{settings.name} could not download its ImageNet weights: {error}. Check the network, or set `weights` to "
            "the path of a weights file"
        ) from None
