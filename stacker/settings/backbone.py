"""The block `backbone`, and what a member's own block lays over it."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, TypeAdapter

from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.merging import validate_member
from stacker.settings.near_names import find_near
from stacker.settings.sections import Fraction, Section, Seed, Side


def check_architecture(name: str) -> str:
    """An unknown backbone is answered with its near matches."""
    if name not in ARCHITECTURES:
        near = find_near(name, ARCHITECTURES, cutoff=0.5)
        choices = f"Near matches: {', '.join(near)}" if near else f"Valid names: {', '.join(sorted(ARCHITECTURES))}"
        raise ValueError(f"unknown backbone. {choices}")
    return name


ArchitectureName = Annotated[
    str,
    AfterValidator(check_architecture),
    Field(
        json_schema_extra={"enum": sorted(ARCHITECTURES)},
        description="the name of a backbone, such as `Xception` (docs/backbones.md has all)",
        examples=["Xception"],
    ),
]


def check_weights(weights: str) -> str:
    """Words that people write for what is written otherwise here would be taken for the name of a file."""
    if weights.casefold() in ("none", "null", "random"):
        raise ValueError("random weights are written `null`, without quotes")
    if weights.casefold() == "imagenet" != weights:
        raise ValueError("write `imagenet`, in small letters")
    return weights


Weights = Annotated[
    str, AfterValidator(check_weights), Field(description="`imagenet`, or the path of a file with weights")
]


class SharedBackbone(Section):
    """What all members share unless they say otherwise."""

    weights: Weights | None = "imagenet"
    pooling: Literal["avg", "max", "flatten"] = "avg"
    image_size: Side | None = None
    trainable: bool = False
    batch_norm_momentum: Fraction | None = None
    seed: Seed = 1


class Backbone(SharedBackbone):
    """A member's backbone, complete."""

    name: ArchitectureName


def load_backbone(label: str) -> Backbone:
    """The backbone of the member called `label`, its own settings over the shared ones.

    Raises:
        PipelineError: there is no such member, or its backbone's settings are wrong.
    """
    return validate_member(TypeAdapter(Backbone), label, "backbone")
