"""How a photo becomes an array: `data/arrays/preparation.json`, written by `prepare`, carried on by every model."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from stacker.artifacts.arrays import ARRAYS, COMMAND
from stacker.artifacts.errors import PipelineError

Channel = Annotated[int, Field(ge=0, le=255)]
PREPARATION = ARRAYS / "preparation.json"


class Preparation(BaseModel):
    """How a photo becomes an array.

    Attributes:
        side: of the square image, pixels.
        fit: how a photo comes to a square.
        interpolation: how it grows.
        background: RGB, 0-255: what shows where it is transparent.
        bit_depth: of 16-bit photos, the bits that their values fill; None where none was seen, and each fills its own.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    side: Annotated[int, Field(ge=1, le=4096)]
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    interpolation: Literal["auto", "linear", "cubic"] = "auto"
    background: Annotated[list[Annotated[int, Field(ge=0, le=255)]], Field(min_length=3, max_length=3)] = [
        255,
        255,
        255,
    ]
    bit_depth: Annotated[int, Field(ge=8, le=16)] | None = None


def write_preparation(path: Path, preparation: Preparation) -> None:
    path.write_text(preparation.model_dump_json(indent=2) + "\n", encoding="utf-8")


def load_preparation() -> Preparation:
    """How the arrays were made.

    Raises:
        PipelineError: the file is missing or damaged.
    """
    try:
        return Preparation.model_validate_json(PREPARATION.read_bytes())
    except FileNotFoundError:
        raise PipelineError(f"{PREPARATION} is missing: run `{COMMAND}`, or `dvc checkout` to bring it back") from None
    except ValidationError as error:
        raise PipelineError(
            f"{PREPARATION} is damaged ({error.error_count()} errors): delete it and run `{COMMAND}`"
        ) from None
