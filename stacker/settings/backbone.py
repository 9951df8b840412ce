"""The block `backbone`, and what a member's own block lays over it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.merging import validate_member
from stacker.settings.near_names import find_near
from stacker.settings.sections import Fraction, Section, Seed, Side
from stacker.settings.vision_transformers import VISION_TRANSFORMERS
from stacker.settings.weights import Sha256, Weights, read_hub_weights

BACKBONES = sorted([*ARCHITECTURES, *VISION_TRANSFORMERS])


def check_architecture(name: str) -> str:
    """An unknown backbone is answered with its near matches."""
    if name not in BACKBONES:
        near = find_near(name, BACKBONES, cutoff=0.5)
        choices = f"Near matches: {', '.join(near)}" if near else f"Valid names: {', '.join(BACKBONES)}"
        raise ValueError(f"unknown backbone. {choices}")
    return name


ArchitectureName = Annotated[
    str,
    AfterValidator(check_architecture),
    Field(
        json_schema_extra={"enum": BACKBONES},
        description="the name of a backbone, such as `Xception` (docs/backbones.md has all)",
        examples=["Xception"],
    ),
]


class SharedBackbone(Section):
    """What all members share unless they say otherwise."""

    weights: Weights | None = "imagenet"
    weights_sha256: Sha256 | None = None
    pooling: Literal["avg", "max", "flatten", "token"] = "avg"
    image_size: Side | None = None
    trainable: bool = False
    batch_norm_momentum: Fraction | None = None
    seed: Seed = 1


class Backbone(SharedBackbone):
    """A member's backbone, complete."""

    name: ArchitectureName

    @property
    def licence(self) -> str | None:
        """Of the weights on the Hugging Face Hub, as their repository states it; None where it is not known here."""
        hub, known = read_hub_weights(self.weights), VISION_TRANSFORMERS.get(self.name)
        return known.licence if hub and known and hub.repository == known.repository else None


def load_backbone(label: str) -> Backbone:
    """The backbone of the member called `label`, its own settings over the shared ones.

    Raises:
        PipelineError: there is no such member, or its backbone's settings are wrong.
    """
    return validate_member(TypeAdapter(Backbone), label, "backbone")
