"""Build a backbone that takes raw RGB pixels and gives features."""

import importlib

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.backbones.plain_layers import use_plain_layers
from stacker.backbones.resizing import build_resizing
from stacker.backbones.vision_transformer import build_vision_transformer, freeze_constants
from stacker.backbones.weights_files import find_weights_file
from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.backbone import Backbone
from stacker.settings.vision_transformers import VISION_TRANSFORMERS

POOLINGS = {
    "avg": keras.layers.GlobalAveragePooling2D,
    "max": keras.layers.GlobalMaxPooling2D,
    "flatten": keras.layers.Flatten,
    "token": keras.layers.Flatten,  # the network itself gives it, (n, width): there is nothing left to do
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
    keras.utils.set_random_seed(settings.seed)
    image_size = settings.image_size or array_size
    network = _build_network(label, settings, image_size)
    network.name = "network"
    if settings.batch_norm_momentum is not None:
        for layer in network.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.momentum = settings.batch_norm_momentum
    network.trainable = settings.trainable
    freeze_constants(network)
    images = keras.Input((array_size, array_size, 3), name=label)
    inner = images
    if image_size != array_size:
        inner = build_resizing(array_size, image_size)(inner)
    inner = build_pixel_scaling(settings.name)(inner)
    features = _build_pooling(settings.pooling)(network(inner))
    return keras.Model(images, features, name=f"{label}_backbone")


def build_pixel_scaling(architecture: str) -> keras.layers.Dense:
    """The architecture's own scaling as a frozen layer on the channel axis: from RGB, 0-255, to what its weights know.

    A Dense(3) reloads from .h5 in plain Keras, which neither a Lambda nor symbolic operations do.

    Raises:
        PipelineError: the map is not affine, as a future architecture's might be.
    """
    is_transformer = architecture in VISION_TRANSFORMERS
    kernel, bias = _find_mean_scaling(architecture) if is_transformer else _probe_scaling(architecture)
    scaling = keras.layers.Dense(3, trainable=False, name="scale_pixels", dtype="float32")
    scaling.build((None, None, None, 3))
    scaling.set_weights([kernel, bias])
    return scaling


def _find_mean_scaling(name: str) -> tuple[np.ndarray, np.ndarray]:
    """What takes off a mean and divides by a deviation, of pixels from 0 to 1, as kernel and bias."""
    family = VISION_TRANSFORMERS[name].family
    mean, deviation = np.array(family.mean), np.array(family.deviation)
    return np.diag(1 / (255 * deviation)), -mean / deviation


def _probe_scaling(architecture: str) -> tuple[np.ndarray, np.ndarray]:
    """The `preprocess_input` of an architecture of `keras.applications`, as kernel and bias.

    Every one is an affine map of the three channels. Probed at black and at each pure channel, it fits a Dense(3)
    exactly, swapped channels included.
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
    return kernel, bias


def _build_pooling(pooling: str) -> keras.Layer:
    return POOLINGS[pooling](name="pool", dtype="float32")


def _build_network(label: str, settings: Backbone, image_size: int) -> keras.Model:
    where = f"members.{label}.backbone.weights, or the shared backbone.weights"
    path = find_weights_file(settings, where)
    if settings.name not in VISION_TRANSFORMERS:
        return _build_application(settings, image_size)
    from stacker.backbones.transformer_weights import load_transformer_weights  # OpenCV, for these alone

    transformer = VISION_TRANSFORMERS[settings.name]
    network = build_vision_transformer(transformer, image_size, settings.pooling == "token")
    if path is not None:
        load_transformer_weights(network, transformer, path, where)
    return network


def _build_application(settings: Backbone, image_size: int) -> keras.Model:
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
