"""A saved model as one to be served: one image in, the probability of every class and the novelty out."""

from typing import Literal

import keras
import numpy as np

from stacker.artifacts.descriptions import Description
from stacker.artifacts.errors import PipelineError
from stacker.uncertainty.novelty import DIMENSIONS, Familiar, draw_projection, unpack_familiar

IMAGE = "image"
PROBABILITIES, NOVELTY = "probabilities", "novelty"

Inputs = Literal["image", "members"]
Dtype = Literal["uint8", "float32"]


def build_serving_model(model: keras.Model, description: Description, inputs: Inputs, dtype: Dtype) -> keras.Model:
    """Put what a server wants around a saved model, in built-in layers.

    Args:
        model: as it was saved: a member, or an ensemble with an input a member.
        description: what its file says of it.
        inputs: "image" for one that all members get, "members" for one a member, named after it.
        dtype: of the images, (n, side, side, 3), RGB, 0-255.

    Returns:
        A model of the same weights, whose outputs are a mapping: `probabilities`, float32, (n, classes), also of two
        classes, and `novelty`, float32, (n, 1). Every layer has a name of its own, whatever was built before.

    Raises:
        PipelineError: the model is not built as its description says.
    """
    side, labels = description.preparation.side, [tensor.name for tensor in model.inputs]
    names = labels if inputs == "members" else [IMAGE]
    photos = [keras.Input((side, side, 3), dtype=dtype, name=name) for name in names]
    given = dict(zip(names, [_make_float(tensor, dtype) for tensor in photos], strict=True))
    try:
        parts = {label: _take_parts(model, label, description.kind) for label in labels}
        outputs = {label: parts[label](given[label if inputs == "members" else IMAGE]) for label in labels}
        logits = outputs[labels[0]][0]
        if description.kind == "ensemble":
            meta_model = model.get_layer("meta_model")
            logits = keras.tree.flatten(meta_model([outputs[tensor.name][0] for tensor in meta_model.inputs]))[0]
        novelty = [_build_novelty(label, outputs[label][1], description) for label in labels]
    except (KeyError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise PipelineError(f"{description.label} is not built as its description says: {reason}") from error
    answers = {PROBABILITIES: _give_probabilities(logits), NOVELTY: _average(novelty)}
    return keras.Model(photos if len(photos) > 1 else photos[0], answers, name=description.label)


def _make_float(images: keras.KerasTensor, dtype: Dtype) -> keras.KerasTensor:
    if dtype == "float32":
        return images
    return keras.layers.Rescaling(1.0, name=f"{images.name}_pixels", dtype="float32")(images)  # the layer that casts


def _take_parts(model: keras.Model, label: str, kind: str) -> keras.Model:
    """A member from an image to its logits and its features."""
    if kind == "member":
        return keras.Model(model.inputs[0], [model.layers[-1].input, model.get_layer("pool").output], name=f"{label}_")
    member = model.get_layer(f"member_{label}")
    return keras.Model(member.inputs[0], [member.outputs[0], member.get_layer("pool").output], name=member.name)


def _build_novelty(label: str, features: keras.KerasTensor, description: Description) -> keras.KerasTensor:
    """What `measure_novelty` counts of one member's features, as layers: (n, 1)."""
    familiar = unpack_familiar(description.members[label].familiar)
    kernel, bias = compute_whitening(features.shape[1], familiar)
    whiten = keras.layers.Dense(kernel.shape[1], trainable=False, name=f"{label}_whitened", dtype="float32")
    add_up = keras.layers.Dense(1, use_bias=False, trainable=False, name=f"{label}_novelty", dtype="float32")
    white = whiten(keras.layers.UnitNormalization(name=f"{label}_unit", dtype="float32")(features))
    novelty = add_up(keras.layers.Multiply(name=f"{label}_squares", dtype="float32")([white, white]))
    whiten.set_weights([kernel, bias])
    add_up.set_weights([np.ones((kernel.shape[1], 1), np.float32)])
    return novelty


def find_features(model: keras.Model) -> list[keras.KerasTensor]:
    """Where in a model that `build_serving_model` gave the members' backbones end: float32, (n, f) each."""
    return [layer.input for layer in model.layers if isinstance(layer, keras.layers.UnitNormalization)]


def compute_whitening(width: int, familiar: Familiar) -> tuple[np.ndarray, np.ndarray]:
    """The projection and whitening of `stacker.uncertainty.novelty` as one map of features that are 1 long.

    Args:
        width: of the features.
        familiar: what the member knows of the training photos.

    Returns:
        A kernel, float32, (width, d), and a bias, float32, (d,): the squared length of what they give is the novelty.
    """
    whitening = familiar.whitening.astype(np.float64).T / np.sqrt(familiar.scale)
    kernel = whitening
    if width > DIMENSIONS:
        kernel = draw_projection(width) @ whitening
    return kernel.astype(np.float32), (-familiar.centre @ whitening).astype(np.float32)


def _average(parts: list[keras.KerasTensor]) -> keras.KerasTensor:
    if len(parts) == 1:
        return keras.layers.Identity(name=NOVELTY, dtype="float32")(parts[0])
    return keras.layers.Average(name=NOVELTY, dtype="float32")(parts)


def _give_probabilities(logits: keras.KerasTensor) -> keras.KerasTensor:
    if logits.shape[1] > 1:
        return keras.layers.Activation("softmax", name=PROBABILITIES, dtype="float32")(logits)
    opposite = keras.layers.Rescaling(-1.0, name="first_class", dtype="float32")(logits)
    both = keras.layers.Concatenate(name="both_classes", dtype="float32")([opposite, logits])
    return keras.layers.Activation("sigmoid", name=PROBABILITIES, dtype="float32")(both)
