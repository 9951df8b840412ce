"""The block `cross_validation`: how often the whole procedure is repeated, so that every photo is a test photo once."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from stacker.artifacts.errors import PipelineError
from stacker.settings.reading import read_block, validate
from stacker.settings.sections import Section, Seed


class CrossValidation(Section):
    """Outer folds over all photos; within each the members' own folds are cut anew."""

    folds: Annotated[int, Field(ge=2, le=50)] = 5
    seed: Seed = 0


def load_cross_validation(label: str) -> CrossValidation:
    """The cross-validation called `label`, checked.

    Raises:
        PipelineError: there is none, or a setting of it is wrong.
    """
    block = read_block("cross_validation")
    if label not in block:
        raise PipelineError(f"cross_validation has no {label!r}: choose from {', '.join(block) or '(it is empty)'}")
    return validate(TypeAdapter(CrossValidation), block[label], f"cross_validation.{label}")
