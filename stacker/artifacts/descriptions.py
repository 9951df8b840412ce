"""What a saved model knows of itself: a small JSON inside the `.h5`, which plain Keras does not look at.

A dataset of bytes of a fixed length at the root: its size is known before it is read. An attribute could not be longer
than 64 KiB, and text of variable length would hide its size. Keras guards its own reading of a file; whoever reads one
by h5py has no guards: so this one dataset is looked at and no other, and it is refused if it is anything but plain
bytes that lie in this file.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

import h5py
import numpy as np
from pydantic import AfterValidator, Base64Bytes, BaseModel, ConfigDict, Field, ValidationError, model_validator

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.hdf5_check import UNREADABLE, Refused, check_layout
from stacker.artifacts.preparation import Preparation

DATASET = "stacker_description"
MOST_BYTES = 16 * 1024 * 1024  # a thousand classes and twenty members take two
MOST_DIMENSIONS = 1024

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Name = Annotated[str, Field(max_length=4096)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class HeldOutScores(_Part):
    """What the model reached on photos of the train split that it had not learnt; test scores come later.

    Attributes:
        rows: "oof" or "holdout"; "validation" where no others were held out.
        n: how many photos, of which `groups` are no copies of one another.
        right: how many of them were recognised.
        log_loss: nats.
    """

    rows: Literal["oof", "holdout", "validation"]
    n: Count
    groups: Count
    right: Count
    log_loss: Annotated[float, Field(ge=0)]


class Thresholds(_Part):
    """What tells "I do not know".

    Attributes:
        sets: the least probability of a class in a prediction set, by level, such as "0.9".
        level: of the sets that verdicts go by.
        novelty: above it a photo is unlike the training ones; None where there were too few photos to say.
        n: how many photos of the validation split they were taken from.
        groups: how many of these are no copies of one another.
        is_watched: has early stopping looked at these photos too? Then the thresholds are a little too kind.
    """

    sets: dict[str, Share]
    level: str
    novelty: Annotated[float, Field(ge=0)] | None
    n: Count
    groups: Count
    is_watched: bool

    @model_validator(mode="after")
    def check_level(self) -> "Thresholds":
        if self.level not in self.sets:
            raise ValueError("verdicts go by a level that has no threshold")
        return self


class FamiliarBytes(_Part):
    """`stacker.uncertainty.novelty.Familiar` as bytes: float32, little-endian; the lower triangle alone."""

    dimensions: Annotated[int, Field(ge=1, le=MOST_DIMENSIONS)]
    centre: Base64Bytes
    whitening: Base64Bytes
    scale: Annotated[float, Field(gt=0)]

    @model_validator(mode="after")
    def check_lengths(self) -> "FamiliarBytes":
        if len(self.centre) != 4 * self.dimensions:
            raise ValueError("the centre has another number of dimensions")
        if len(self.whitening) != 2 * self.dimensions * (self.dimensions + 1):
            raise ValueError("the whitening has another number of dimensions")
        return self


class MemberFacts(_Part):
    """What a member is made of.

    Attributes:
        backbone: its architecture.
        weights: what it started from: "imagenet", "random", the name of a file, or of a commit on a hub.
        weights_sha256: of the file with these weights; None where the pipeline saw none.
        licence: of these weights; None where it is not known.
        familiar: what it knows of the training photos.
    """

    backbone: Name
    weights: Name
    weights_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None
    licence: Name | None = None
    familiar: FamiliarBytes


def check_classes(names: list[str]) -> list[str]:
    if len(set(names)) != len(names):
        raise ValueError("a class is named twice")
    return names


class Description(_Part):
    """What a saved model knows of itself.

    Attributes:
        format: of this description.
        kind: what it is.
        label: the member's or the ensemble's.
        classes: the class names, in the order of the class indices.
        preparation: how a photo becomes its input.
        members: by label; of a member, itself.
        settings: a hash of the settings that its stage tracks, 16 hexadecimal digits.
        backend: what Keras ran on.
        versions: major.minor of the packages that made it.
        held_out: its scores before any test.
        thresholds: of prediction sets and novelty.
    """

    format: Literal[1] = 1
    kind: Literal["member", "ensemble"]
    label: Name
    classes: Annotated[list[Name], Field(min_length=2), AfterValidator(check_classes)]
    preparation: Preparation
    members: Annotated[dict[Name, MemberFacts], Field(min_length=1)]
    settings: Annotated[str, Field(pattern="^[0-9a-f]{16}$")]
    backend: Name
    versions: dict[Name, Name]
    held_out: HeldOutScores
    thresholds: Thresholds


def write_description(path: Path, description: Description) -> None:
    """Put the description into a file that Keras has saved; equal ones give equal bytes."""
    text = np.frombuffer(description.model_dump_json().encode(), np.uint8)
    with h5py.File(path, "r+") as file:
        file.create_dataset(DATASET, data=text)


def read_description(path: Path, command: str = "dvc repro") -> Description:
    """What the model in `path` knows of itself.

    Args:
        path: of the `.h5` file.
        command: writes it anew.

    Raises:
        PipelineError: there is no such file, it is no model of this pipeline, or its description is not to be trusted.
    """
    try:
        with h5py.File(path, "r") as file:
            content = _read_bytes(file)
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run `{command}`, or `dvc checkout` to bring it back") from None
    except (*UNREADABLE, Refused) as error:
        reason = " ".join(str(error).split())
        raise PipelineError(f"{path} cannot be read as a model of this pipeline ({reason}): run `{command}`") from None
    try:
        return Description.model_validate_json(content)
    except ValidationError as error:
        raise PipelineError(
            f"{path}: its description is damaged, or of another version ({_explain(error)}): run `{command}`"
        ) from None


def _read_bytes(file: Any) -> bytes:
    link = file.get(DATASET, getlink=True)
    if link is None:
        raise ValueError("it holds no description")
    if not isinstance(link, h5py.HardLink):
        raise ValueError("its description is a link")
    dataset = file[DATASET]
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError("its description is no dataset")
    # the layout first: to ask a virtual dataset for its shape may already open other files
    check_layout(DATASET, dataset.id.get_create_plist())
    if dataset.ndim != 1 or dataset.dtype != np.uint8:
        raise ValueError("its description is no row of bytes")
    if dataset.size > MOST_BYTES:
        raise ValueError(f"its description has {dataset.size:,} bytes, at most {MOST_BYTES:,} are read")
    return bytes(dataset[()].tobytes())


def _explain(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'JSON'}: {first['msg']}"[:300]
