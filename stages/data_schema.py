"""What the block `data` of `params.yaml` may hold, and what all blocks are made of."""

import posixpath
import re
from itertools import permutations
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

Fraction = Annotated[float, Field(gt=0, lt=1)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


def check_label(label: str) -> str:
    """A label names files, Keras layers and DVC stages: lower-case snake_case is valid in all three."""
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,40}", label):
        raise ValueError(
            "a label is a lower-case letter, then lower-case letters, digits or '_', 41 characters at most"
        )
    return label


Label = Annotated[str, AfterValidator(check_label)]


class Section(BaseModel):
    """A section of `params.yaml`: unknown keys and values of another type are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class DigitsSource(Section):
    kind: Literal["digits"]
    classes: Literal["parity", "digit"] = "parity"


class ArchiveSource(Section):
    kind: Literal["archive"]
    url: Annotated[str, Field(pattern=r"^(https?|ftp|file)://")]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None


class TfdsSource(Section):
    kind: Literal["tfds"]
    name: str
    split: str = "train"
    image_key: str = "image"
    label_key: str = "label"
    version: str | None = None


Source = Annotated[DigitsSource | ArchiveSource | TfdsSource, Field(discriminator="kind")]


class Splits(Section):
    """Where each split comes from: a folder below `data.images`, or a fraction of the train folder's images."""

    train: str
    validation: Fraction | str
    test: Fraction | str

    @model_validator(mode="after")
    def check_sources(self) -> "Splits":
        folders = [source for source in (self.train, self.validation, self.test) if isinstance(source, str)]
        paths = [PurePosixPath(posixpath.normpath(folder)) for folder in folders]
        if any(first == second or first in second.parents for first, second in permutations(paths, 2)):
            raise ValueError(f"each split needs a folder of its own, and `.` goes with fractions only: {folders}")
        cut = [fraction for fraction in (self.validation, self.test) if isinstance(fraction, float)]
        if sum(cut) >= 1:
            raise ValueError(f"the fractions of validation and test leave nothing to train on: {cut}")
        return self


class Data(Section):
    fetch: dict[Label, Source]
    images: str
    image_size: Annotated[int, Field(ge=32, le=2048)]
    fit: Literal["stretch", "crop", "pad"]
    interpolation: Literal["linear", "area", "cubic"]
    splits: Splits
    near_duplicates: Annotated[int, Field(ge=0, le=16)] | None
    seed: Seed
