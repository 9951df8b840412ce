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
        features = {label: _run_backbone(member, images) for label, member in members.items()}
        logits = {label: members[label].get_layer("head")(features[label]) for label in members}
        own = next(iter(logits.values()))
        if description.kind == "ensemble":
            meta_model = model.get_layer("meta_model")
            own = meta_model([logits[tensor.name] for tensor in meta_model.inputs])
    except (KeyError, ValueError, AttributeError) as error:
        reason = " ".join(str(error).split())
        raise PipelineError(f"{description.label} is not built as its description says: {reason}") from error
    own, *rest = keras.tree.flatten([own, *(pair for label in members for pair in (logits[label], features[label]))])
    return _concatenate(images, description.label, own, list(members), rest)


def _find_member(model: keras.Model, label: str, kind: str) -> keras.Model:
    return model.get_layer(f"member_{label}") if kind == "ensemble" else model


def _run_backbone(member: keras.Model, images: keras.KerasTensor) -> keras.KerasTensor:
    backbone = keras.Model(member.inputs[0], member.get_layer("pool").output)
    return backbone(images)


def _concatenate(
    images: keras.KerasTensor, label: str, own: keras.KerasTensor, labels: list[str], rest: list[keras.KerasTensor]
) -> tuple[keras.Model, Layout]:
    tensors = [own, *rest]
    ends = np.cumsum([tensor.shape[-1] for tensor in tensors]).tolist()
    columns = [slice(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    parts = {member: Part(columns[1 + 2 * number], columns[2 + 2 * number]) for number, member in enumerate(labels)}
    joined = keras.layers.Concatenate(dtype="float32", name="all")(tensors)
    return keras.Model(images, joined, name=label), Layout(columns[0], parts)
