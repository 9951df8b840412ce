"""The block `data`: where the photos are, how they come to one size, and what each split is made of."""

import posixpath
import re
from itertools import permutations
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, TypeAdapter, model_validator

from stacker.settings.reading import read_block, validate
from stacker.settings.sections import Fraction, Section, Seed, Side

Channel = Annotated[int, Field(ge=0, le=255)]


def check_no_share(folder: str) -> str:
    """`20%` and `0,2` are text to YAML, and would be taken for the name of a folder."""
    if re.fullmatch(r"\d+([.,]\d+)? ?%|0?[.,]\d+", folder):
        raise ValueError("a fraction is a number such as 0.2")
    return folder


Folder = Annotated[str, Field(description="the name of a folder")]
Source = Fraction | Annotated[Folder, AfterValidator(check_no_share)]


class Splits(Section):
    """Where each split comes from: a folder below `data.images`, or a fraction of the train folder's images."""

    train: Folder = "."
    validation: Source = 0.1
    test: Source = 0.2

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


def check_folder(folder: str) -> str:
    """A folder of photos has a name: the project's own folder is none, as its outputs lie in it."""
    if set(PurePosixPath(posixpath.normpath(folder.strip() or ".")).parts) <= {".."}:
        raise ValueError("name the folder that holds the photos, such as `photos`; the project's own folder is none")
    return folder


def check_interpolation(name: Any) -> Any:
    """`area` was a value once: shrinking needs no setting any more."""
    if name == "area":
        raise ValueError(
            "every image is shrunk by area now, and this setting says how one grows: write `auto`, `linear` or "
            "`cubic`, or leave it out"
        )
    return name


class Data(Section):
    images: Annotated[Folder, AfterValidator(check_folder), Field(examples=["photos"])]
    image_size: Side = 224
    fit: Literal["stretch", "crop", "pad"] = "stretch"
    interpolation: Annotated[Literal["auto", "linear", "cubic"], BeforeValidator(check_interpolation)] = "auto"
    background: Annotated[list[Channel], Field(min_length=3, max_length=3)] = [255, 255, 255]
    splits: Splits = Splits()
    near_duplicates: Annotated[int, Field(ge=0, le=16)] | None = 2
    unreadable: Literal["error", "skip"] = "error"
    label_conflicts: Literal["error", "report"] = "error"
    seed: Seed = 0


def load_data() -> Data:
    """The block `data`, checked.

    Raises:
        PipelineError: naming each wrong setting.
    """
    return validate(TypeAdapter(Data), read_block("data"), "data")
