"""What `params.yaml` may hold: one class a section. `docs/params.md` explains every setting."""

import difflib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from stages.architectures import ARCHITECTURES
from stages.data_schema import Data, Fraction, Label, Section, Seed

Rate = Annotated[float, Field(gt=0)]
# Files of the pipeline's own, and the layers that stand beside a member's input: Keras wants every name once.
RESERVED_LABELS = re.compile(
    r"ensemble|leaderboard|resize|scale_pixels|network|pool|head|augmented_images|member_outputs|hidden_\d+|"
    r"probabilities|meta_model"
)


def check_architecture(name: str) -> str:
    """An unknown backbone is answered with its near matches."""
    if name not in ARCHITECTURES:
        folded = {known.casefold(): known for known in ARCHITECTURES}
        near = [folded[match] for match in difflib.get_close_matches(name.casefold(), folded, cutoff=0.5)]
        choices = f"Near matches: {', '.join(near)}" if near else f"Valid names: {', '.join(sorted(ARCHITECTURES))}"
        raise ValueError(f"unknown backbone. {choices}")
    return name


def check_weights(weights: str | None) -> str | None:
    """Weights that are neither null nor a download must be a file that is here."""
    if weights not in (None, "imagenet") and not Path(weights).is_file():
        raise ValueError("weights are `imagenet`, null, or the path of an existing weights file")
    return weights


def expand_name(value: Any) -> Any:
    """`backbone: Xception` is short for `backbone: {name: Xception}`."""
    return {"name": value} if isinstance(value, str) else value


class Backbone(Section):
    name: Annotated[str, AfterValidator(check_architecture)]
    weights: Annotated[str | None, AfterValidator(check_weights)]
    pooling: Literal["avg", "max", "flatten"]
    image_size: Annotated[int, Field(ge=32, le=2048)] | None
    trainable: bool
    batch_norm_momentum: Fraction | None
    seed: Seed


class Head(Section):
    standardize: bool = False
    hidden: list[Annotated[int, Field(gt=0)]] = []
    activation: Literal["relu", "elu", "gelu", "leaky_relu", "mish", "selu", "silu", "tanh"] = "relu"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    output: Literal["auto", "sigmoid", "softmax"] = "auto"


class Augmentation(Section):
    rotation_degrees: Annotated[float, Field(ge=0, le=180)] = 0.0
    shift: Annotated[float, Field(ge=0, lt=1)] = 0.0
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    horizontal_flip: bool = False


class FineTune(Section):
    layers: Literal["all"] | Annotated[int, Field(gt=0)] | str
    epochs: Annotated[int, Field(gt=0)]
    learning_rate: Rate
    batch_norm: Literal["frozen", "trained"] = "frozen"


class Training(Section):
    epochs: Annotated[int, Field(gt=0)]
    batch_size: Annotated[int, Field(gt=0)]
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd", "nadam", "lion"]
    learning_rate: Rate
    schedule: Literal["constant", "cosine"]
    warmup_epochs: Annotated[int, Field(ge=0)]
    patience: Annotated[int, Field(gt=0)] | None
    class_weights: Literal["balanced"] | None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)]
    augmentation: Augmentation | None
    fine_tune: FineTune | None
    initial_scores: bool
    precision: Literal["float32", "auto_bfloat16", "mixed_bfloat16", "mixed_float16"]
    jit_compile: bool
    seed: Seed


class Member(Section):
    """One member, complete: its own settings over the shared `backbone` and `training` blocks."""

    backbone: Annotated[Backbone, BeforeValidator(expand_name)]
    head: Head = Head()
    training: Training

    @model_validator(mode="after")
    def check_together(self) -> "Member":
        if self.training.warmup_epochs and self.training.schedule == "constant":
            raise ValueError(
                "`training.warmup_epochs` needs `training.schedule: cosine`, received constant: set one of them"
            )
        if self.backbone.trainable and self.training.fine_tune:
            raise ValueError(
                "`backbone.trainable: true` trains the whole network from the start: `training.fine_tune` must be null"
            )
        if self.backbone.trainable and self.head.standardize:
            raise ValueError(
                "`head.standardize` takes its statistics from kept features, and `backbone.trainable: true` keeps "
                "none: set one of them to false"
            )
        return self


class MetaModel(Section):
    hidden: list[Annotated[int, Field(gt=0)]]
    epochs: Annotated[int, Field(gt=0)]
    batch_size: Annotated[int, Field(gt=0)]
    learning_rate: Rate
    calibration: Literal["temperature"] | None
    seed: Seed


class Stacking(Section):
    fit_on: Literal["oof", "holdout", "train"]
    folds: Annotated[int, Field(ge=2, le=50)]
    holdout: Fraction
    seed: Seed
    meta_models: dict[Literal["ensemble"], MetaModel]


class Inference(Section):
    engine: Literal["auto", "keras", "openvino"]
    precision: Literal["float32", "bfloat16"]
    batch_size: Annotated[int, Field(gt=0)]


class Settings(Section):
    """The whole of `params.yaml`, with each member complete."""

    data: Data
    members: dict[Label, Member]
    stacking: Stacking
    inference: Inference

    @model_validator(mode="after")
    def check_together(self) -> "Settings":
        if not self.members:
            raise ValueError("`members` is empty: name at least one")
        problems = [problem for label, member in self.members.items() for problem in self._check_member(label, member)]
        if self.stacking.meta_models and len(self.members) < 2:
            problems.append(
                f"stacking needs at least two members, received one ({next(iter(self.members))}): "
                "add a member, or set `stacking.meta_models: {}` to train it alone"
            )
        if problems:
            raise ValueError("\n  ".join(problems))
        return self

    def _check_member(self, label: str, member: Member) -> Iterator[str]:
        if RESERVED_LABELS.fullmatch(label) or label.removeprefix("member_") in self.members.keys() - {label}:
            yield f"members.{label}: that label is kept for a file or a layer of the pipeline's own: choose another"
        minimum = ARCHITECTURES[member.backbone.name].minimum_size
        image_size = member.backbone.image_size or self.data.image_size
        if image_size < minimum:
            yield (
                f"members.{label}: {member.backbone.name} needs images of at least {minimum} px, received "
                f"{image_size}: raise `data.image_size`, or set this member's `backbone.image_size`"
            )
