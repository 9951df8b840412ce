"""The block `stacking`: which predictions of the members the meta-models learn from."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from stacker.settings.reading import read_block, validate
from stacker.settings.sections import Fraction, Section, Seed


class Stacking(Section):
    fit_on: Literal["oof", "holdout", "train"] = "oof"
    folds: Annotated[int, Field(ge=2, le=50)] = 5
    holdout: Fraction = 0.2
    seed: Seed = 0


def load_stacking() -> Stacking:
    """The block `stacking`, checked.

    Raises:
        PipelineError: naming each wrong setting.
    """
    return validate(TypeAdapter(Stacking), read_block("stacking"), "stacking")
