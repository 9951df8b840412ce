"""The block `meta_models`: the ensembles, each with a meta-model of its own; and how a saved ensemble is checked."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, TypeAdapter

from stacker.artifacts.errors import PipelineError
from stacker.settings.reading import read_block, validate
from stacker.settings.sections import Count, Rate, Section, Seed

ClassWeights = Literal["auto", "balanced"] | None


class PenalisedMetaModel(Section):
    """Fitted to its optimum, near the mean of the members' logits."""

    fit: Literal["penalised"] = "penalised"
    hidden: Annotated[list[Count], Field(max_length=1)] = [10]
    weight_spread: Rate = 0.3
    spread: Literal["auto"] | Annotated[float, Field(ge=0)] = "auto"
    calibration: Literal["temperature"] | None = None
    class_weights: ClassWeights = "auto"
    seed: Seed = 0


class AdamMetaModel(Section):
    """Fitted by mini-batches from random weights, as the tutorial did it."""

    fit: Literal["adam"]
    hidden: list[Count] = [10]
    epochs: Count = 50
    batch_size: Count = 32
    learning_rate: Rate = 0.01
    calibration: Literal["temperature"] | None = None
    class_weights: ClassWeights = "auto"
    seed: Seed = 0


def choose_fit(value: Any) -> str:
    """Which of the two kinds is meant; what is neither is checked as the default one, whose error names the choices."""
    fit = value.get("fit") if isinstance(value, dict) else getattr(value, "fit", None)
    return "adam" if fit == "adam" else "penalised"


MetaModel = Annotated[
    Annotated[PenalisedMetaModel, Tag("penalised")] | Annotated[AdamMetaModel, Tag("adam")], Discriminator(choose_fit)
]


class EnsembleCheck(Section):
    """How many test photos go through a saved ensemble, to see that it gives what its parts gave."""

    photos: Count | Literal["all"] = 64


def load_meta_model(label: str) -> PenalisedMetaModel | AdamMetaModel:
    """The meta-model called `label`, checked.

    Raises:
        PipelineError: there is none, listing those there are; or a setting of it is wrong.
    """
    meta_models = read_block("meta_models")
    if label not in meta_models:
        known = ", ".join(meta_models) or "(it is empty)"
        raise PipelineError(f"meta_models has no {label!r}: choose from {known}")
    schema: TypeAdapter[PenalisedMetaModel | AdamMetaModel] = TypeAdapter(MetaModel)
    return validate(schema, meta_models[label], f"meta_models.{label}")


def load_ensemble_check() -> EnsembleCheck:
    """The block `ensemble_check`, checked.

    Raises:
        PipelineError: naming each wrong setting.
    """
    return validate(TypeAdapter(EnsembleCheck), read_block("ensemble_check"), "ensemble_check")
