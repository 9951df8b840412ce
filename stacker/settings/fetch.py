"""The block `fetch`: datasets to get before anything else."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from stacker.artifacts.errors import PipelineError
from stacker.settings.reading import read_block, validate
from stacker.settings.sections import Section

Url = Annotated[
    str,
    Field(
        pattern=r"^(https?|ftp|file)://",
        description="an address that begins with http://, https://, ftp:// or file://; from s3:// and gs:// "
        "`dvc import-url` brings photos",
    ),
]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="64 lower-case hexadecimal digits")]


class DigitsSource(Section):
    kind: Literal["digits"]
    classes: Literal["parity", "digit"] = "parity"


class ArchiveSource(Section):
    kind: Literal["archive"]
    url: Url
    sha256: Sha256 | None = None


class TfdsSource(Section):
    kind: Literal["tfds"]
    name: str
    split: str = "train"
    image_key: str = "image"
    label_key: str = "label"
    version: str | None = None


Source = Annotated[DigitsSource | ArchiveSource | TfdsSource, Field(discriminator="kind")]


def load_source(name: str) -> Source:
    """The dataset called `name`.

    Raises:
        PipelineError: there is none, listing those there are; or its settings are wrong.
    """
    sources = read_block("fetch")
    if name not in sources:
        raise PipelineError(f"fetch has no {name!r}: choose from {', '.join(sources) or '(it is empty)'}")
    return validate(TypeAdapter(Source), sources[name], f"fetch.{name}")
