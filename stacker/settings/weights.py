"""What a backbone starts from: the settings `weights` and `weights_sha256`."""

import re
from pathlib import PurePath
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

IMAGENET, HUB = "imagenet", "hf:"
HUB_FORM = "hf:OWNER/NAME@COMMIT"
_HUB = re.compile(r"hf:([\w.-]+/[\w.-]+)(?:@([0-9a-f]{40}))?")


class HubWeights(NamedTuple):
    """Weights on the Hugging Face Hub.

    Attributes:
        repository: such as "facebook/dinov2-small".
        revision: a commit, 40 hexadecimal digits; None where a hash of the file pins it.
    """

    repository: str
    revision: str | None


def read_hub_weights(weights: str | None) -> HubWeights | None:
    """Which weights on the Hub `weights` names; None where it names something else."""
    found = _HUB.fullmatch(weights or "")
    return HubWeights(*found.groups()) if found else None


def name_weights_file(weights: str | None) -> str | None:
    """The path that `weights` is; None where it names something else."""
    is_path = weights is not None and weights != IMAGENET and not weights.startswith(HUB)
    return weights if is_path else None


def name_weights(weights: str | None) -> str:
    """What a backbone started from, without the folder of a file: that one is the machine's."""
    if weights is None:
        return "random"
    return PurePath(weights).name if name_weights_file(weights) else weights


def check_weights(weights: str) -> str:
    """Words that people write for what is written otherwise here would be taken for the name of a file."""
    if weights.casefold() in ("none", "null", "random"):
        raise ValueError("random weights are written `null`, without quotes")
    if weights.casefold() == IMAGENET != weights:
        raise ValueError("write `imagenet`, in small letters")
    if weights.casefold().startswith(HUB) and read_hub_weights(weights) is None:
        raise ValueError(
            f"weights on the Hugging Face Hub are written `{HUB_FORM}`, the commit in 40 hexadecimal digits, as the "
            "history of the repository's files shows it: a branch moves"
        )
    return weights


Weights = Annotated[
    str,
    AfterValidator(check_weights),
    Field(description=f"`imagenet`, the path of a file with weights, or `{HUB_FORM}`"),
]
Sha256 = Annotated[
    str,
    Field(pattern=r"^[0-9a-f]{64}$", description="64 hexadecimal digits in small letters, as `sha256sum` prints them"),
]
