"""Heads on features, whole members from backbone and head, and which layers of a member are trained."""

from collections.abc import Sequence

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.backbones.vision_transformer import BLOCK_START, freeze_constants
from stacker.settings.members import Head
from stacker.settings.training import FineTune
from stacker.training.moments import compute_scale


def build_head(
    settings: Head, features: np.ndarray, class_count: int, seed: int, rows: np.ndarray | None = None
) -> keras.Model:
    """Build a head: standardisation if asked for, hidden layers, dropout, then the output layer.

    Args:
        settings: the member's head.
        features: float32, (n, f), may be memory-mapped; standardisation takes its mean and variance from them.
        class_count: number of classes.
        seed: of the initial weights and of dropout.
        rows: int64, (m,), those of `features` that the head is to learn from; None for all.

    Returns:
        A model from features, (n, f), float32, to logits, float32: (n, 1), the log odds of the second class, where a
        sigmoid is to follow, else (n, class_count), for a softmax.

    Raises:
        PipelineError: a sigmoid for more than two classes.
    """
    if settings.output == "sigmoid" and class_count > 2:
        raise PipelineError(
            f"head.output: sigmoid is for two classes, the images have {class_count}: set auto or softmax"
        )
    sigmoid = settings.output == "sigmoid" or (settings.output == "auto" and class_count == 2)
    keras.utils.set_random_seed(seed)
    inputs = inner = keras.Input((features.shape[1],), name="features")
    if settings.standardize:
        inner = build_standardization(features, rows)(inner)
    for number, units in enumerate(settings.hidden):
        inner = keras.layers.Dense(units, settings.activation, name=f"hidden_{number}")(inner)
    if settings.dropout:
        inner = keras.layers.Dropout(settings.dropout, name="dropout")(inner)
    # Logits, as a float32 probability is 1.0 from a logit of 17 on: how wrong a wrong answer is would be lost.
    output = keras.layers.Dense(1 if sigmoid else class_count, dtype="float32", name="logits")(inner)
    return keras.Model(inputs, output, name="head")


def build_standardization(features: np.ndarray, rows: np.ndarray | None = None) -> keras.layers.BatchNormalization:
    """A frozen layer that brings every feature to mean 0 and variance 1 on the given rows.

    A frozen BatchNormalization reloads from .h5 with its statistics; `keras.layers.Normalization` does not.

    Args:
        features: float32, (n, f), may be memory-mapped. A feature that varies by no more than float32 rounds its mean
            is only centred.
        rows: int64, (m,), of `features`; None for all.
    """
    mean, deviation = compute_scale(features, np.arange(len(features)) if rows is None else rows)
    layer = keras.layers.BatchNormalization(
        center=False, scale=False, epsilon=0.0, trainable=False, name="standardize", dtype="float32"
    )
    layer.build((None, features.shape[1]))
    layer.set_weights([mean, deviation**2])
    return layer


def assemble_member(label: str, backbone: keras.Model, head: keras.Model) -> keras.Model:
    """Put a head on a backbone: a model called `label`, from its input of that name to logits.

    The label in the names keeps members apart that are later joined in one model.
    """
    return keras.Model(backbone.input, head(backbone.output), name=label)


def unfreeze_layers(network: keras.Model, settings: FineTune, names: Sequence[str] | None = None) -> None:
    """Make the layers trainable that `settings` asks for, and no other.

    In Keras 3 `training=False` at the call does not keep batch normalisation from updating its statistics in `fit`;
    only `trainable = False` on the layer does (keras-team/keras#20285).

    Args:
        network: the architecture itself (the layer "network" of a backbone).
        settings: "all", the number of last layers, of a vision transformer of last blocks, or the name of the first
            layer to train.
        names: what the settings call the layers; None for their own names.

    Raises:
        PipelineError: no layer has that name, or none of those asked for has weights to train.
    """
    names = [layer.name for layer in network.layers] if names is None else list(names)
    if settings.layers == "all":
        first = 0
    elif isinstance(settings.layers, int):
        first = _count_back(names, settings.layers)
    elif settings.layers in names:
        first = names.index(settings.layers)
    else:
        raise PipelineError(
            f"fine_tune.layers: the network has no layer {settings.layers!r}; its last 30 are {', '.join(names[-30:])}"
        )
    network.trainable = True
    for number, layer in enumerate(network.layers):
        is_frozen_norm = settings.batch_norm == "frozen" and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = number >= first and not is_frozen_norm
    freeze_constants(network)
    if not network.trainable_weights:
        raise PipelineError(
            f"fine_tune.layers: {settings.layers!r} reaches no layer with weights to train (fine_tune.batch_norm: "
            f"{settings.batch_norm}); the last 30 layers are {', '.join(names[-30:])}: take more of them"
        )


def _count_back(names: Sequence[str], count: int) -> int:
    """The number of the first of the last `count` layers; of a vision transformer, of its last `count` blocks."""
    blocks = [number for number, name in enumerate(names) if BLOCK_START.fullmatch(name)]
    if blocks:
        return blocks[-count] if count <= len(blocks) else 0
    return max(0, len(names) - count)
