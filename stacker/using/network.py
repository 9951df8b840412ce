"""A saved model as one network for all that is asked of it: one image in, every logit and feature out."""

from typing import NamedTuple

import keras
import numpy as np

from stacker.artifacts.descriptions import Description
from stacker.artifacts.errors import PipelineError

INPUT = "photos"


class Part(NamedTuple):
    """Where in the network's output a member's numbers stand.

    Attributes:
        logits: columns of its logits.
        features: columns of its features.
    """

    logits: slice
    features: slice


class Layout(NamedTuple):
    """Where in the network's output, (n, width), what stands.

    Attributes:
        logits: columns of the model's own logits.
        members: by label.
    """

    logits: slice
    members: dict[str, Part]


def build_network(model: keras.Model, description: Description) -> tuple[keras.Model, Layout]:
    """Join all members on one image, each photo being taken once.

    Args:
        model: as it was saved: a member, or an ensemble with an input a member.
        description: what its file says of it.

    Returns:
        A model from images, (n, side, side, 3), RGB, 0-255, to one row of numbers a photo, float32, whose weights are
        those of `model`; and where in the row what stands.

    Raises:
        PipelineError: the model is not built as its description says.
    """
    side = description.preparation.side
    images = keras.Input((side, side, 3), name=INPUT)
    try:
        members = {label: _find_member(model, label, description.kind) for label in sorted(description.members)}
        parts = {label: _split(member, label, description.kind)(images) for label, member in members.items()}
        own = next(iter(parts.values()))[0]
        if description.kind == "ensemble":
            meta_model = model.get_layer("meta_model")
            own = meta_model([parts[tensor.name][0] for tensor in meta_model.inputs])
    except (KeyError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise PipelineError(f"{description.label} is not built as its description says: {reason}") from error
    return _concatenate(images, description.label, keras.tree.flatten([own, *parts.values()]), list(members))


def _find_member(model: keras.Model, label: str, kind: str) -> keras.Model:
    return model.get_layer(f"member_{label}") if kind == "ensemble" else model


def _split(member: keras.Model, label: str, kind: str) -> keras.Model:
    """From images to logits and features; a name of its own keeps the layers of several members apart."""
    logits = member.outputs[0] if kind == "ensemble" else member.layers[-1].input
    return keras.Model(member.inputs[0], [logits, member.get_layer("pool").output], name=f"part_{label}")


def _concatenate(
    images: keras.KerasTensor, label: str, tensors: list[keras.KerasTensor], labels: list[str]
) -> tuple[keras.Model, Layout]:
    ends = np.cumsum([tensor.shape[-1] for tensor in tensors]).tolist()
    columns = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    parts = {member: Part(columns[1 + 2 * number], columns[2 + 2 * number]) for number, member in enumerate(labels)}
    joined = keras.layers.Concatenate(dtype="float32", name="all")(tensors)
    return keras.Model(images, joined, name=label), Layout(columns[0], parts)
