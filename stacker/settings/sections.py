"""What all blocks of `params.yaml` are made of."""

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Count = Annotated[int, Field(gt=0)]
Rate = Annotated[float, Field(gt=0)]
Side = Annotated[int, Field(ge=32, le=2048, description="the side of a square in pixels")]

LABEL_RULE = "a label is a lower-case letter, then lower-case letters, digits or '_', 41 characters at most"


def check_label(label: str) -> str:
    """A label names files, Keras layers and DVC stages: lower-case snake_case is valid in all three."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", label):
        raise ValueError(LABEL_RULE)
    return label


def expand_name(value: Any) -> Any:
    """`backbone: Xception` is short for `backbone: {name: Xception}`."""
    return {"name": value} if isinstance(value, str) else value


Label = Annotated[str, AfterValidator(check_label)]


class Section(BaseModel):
    """A section of `params.yaml`: unknown keys, values of another type, and infinite numbers are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
