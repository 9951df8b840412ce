"""`data/code/fused.json`: whose features the stage `fuse` puts side by side; the stage `check` writes it.

So an edit of a head, which leaves all features alone, does not re-run `fuse`, as the whole block `members` would.
"""

import json
from pathlib import Path
from typing import NamedTuple

from stacker.artifacts.code_files import CODE
from stacker.artifacts.errors import PipelineError

NAME = "fused.json"


class FusedMembers(NamedTuple):
    """What `fuse` has to know of the members.

    Attributes:
        members: whose features it takes, all of them, sorted.
        reason: why it is left out; empty where it is not.
        is_balanced: shall every class count the same, as it does for all members?
    """

    members: list[str]
    reason: str
    is_balanced: bool


def write_fused_members(folder: Path, fused: FusedMembers) -> None:
    """Write what `fuse` has to know into `folder`."""
    (folder / NAME).write_text(json.dumps(fused._asdict(), indent=2) + "\n", encoding="utf-8")


def load_fused_members() -> FusedMembers:
    """What `fuse` has to know.

    Raises:
        PipelineError: the stage `check` has not run.
    """
    try:
        return FusedMembers(**json.loads((CODE / NAME).read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise PipelineError(f"{CODE / NAME} is missing: run `dvc repro check`, which takes a second") from None
