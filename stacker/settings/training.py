"""The block `training`: how a head is fitted, and what else of a member."""

from typing import Annotated, Literal

from pydantic import Field

from stacker.settings.sections import Count, Rate, Section, Seed

LAYER = "the name of the first layer to train"


class Augmentation(Section):
    rotation_degrees: Annotated[float, Field(ge=0, le=180)] = 0.0
    shift: Annotated[float, Field(ge=0, lt=1)] = 0.0
    zoom: Annotated[float, Field(ge=0, lt=1)] = 0.0
    horizontal_flip: bool = False


class FineTune(Section):
    layers: Literal["all"] | Annotated[Count, Field(examples=[30])] | Annotated[str, Field(description=LAYER)]
    epochs: Count = 5
    learning_rate: Rate = 0.00001
    batch_norm: Literal["frozen", "trained"] = "frozen"
    keep_activations: bool = True


class Training(Section):
    solver: Literal["auto", "lbfgs", "minibatch"] = "auto"
    C: Literal["auto"] | Rate = "auto"
    epochs: Count = 40
    batch_size: Count = 32
    optimizer: Literal["adam", "adamw", "rmsprop", "sgd", "nadam", "lion"] = "adam"
    learning_rate: Rate = 0.001
    schedule: Literal["constant", "cosine"] = "constant"
    warmup_epochs: Annotated[int, Field(ge=0)] = 0
    patience: Count | None = 6
    class_weights: Literal["balanced"] | None = None
    label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0
    augmentation: Augmentation | None = None
    fine_tune: FineTune | None = None
    initial_scores: bool = False
    precision: Literal["float32", "auto_bfloat16", "mixed_bfloat16", "mixed_float16"] = "float32"
    jit_compile: bool | Literal["auto"] = "auto"
    distribution: Literal["single", "data_parallel"] = "single"
    seed: Seed = 1
