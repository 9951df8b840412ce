"""The block `meta_models`: the ensembles, each with a meta-model of its own; and how a saved ensemble is checked."""

from typing import Literal

from pydantic import TypeAdapter

from stacker.artifacts.errors import PipelineError
from stacker.settings.reading import read_block, validate
from stacker.settings.sections import Count, Rate, Section, Seed


class MetaModel(Section):
    hidden: list[Count] = [10]
    epochs: Count = 50
    batch_size: Count = 32
    learning_rate: Rate = 0.01
    calibration: Literal["temperature"] | None = None
    seed: Seed = 0


class EnsembleCheck(Section):
    """How many test photos go through a saved ensemble, to see that it gives what its parts gave."""

    photos: Count | Literal["all"] = 256


def load_meta_model(label: str) -> MetaModel:
    """The meta-model called `label`, checked.

    Raises:
        PipelineError: there is none, listing those there are; or a setting of it is wrong.
    """
    meta_models = read_block("meta_models")
    if label not in meta_models:
        known = ", ".join(meta_models) or "(it is empty)"
        raise PipelineError(f"meta_models has no {label!r}: choose from {known}")
    return validate(TypeAdapter(MetaModel), meta_models[label], f"meta_models.{label}")


def load_ensemble_check() -> EnsembleCheck:
    """The block `ensemble_check`, checked.

    Raises:
        PipelineError: naming each wrong setting.
    """
    return validate(TypeAdapter(EnsembleCheck), read_block("ensemble_check"), "ensemble_check")
