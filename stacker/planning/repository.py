"""The project as DVC knows it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dvc.dvcfile import PROJECT_FILE, load_file
from dvc.exceptions import DvcException
from dvc.repo import Repo, lock_repo

import stacker
from stacker.artifacts.errors import PipelineError

PIPELINE = PROJECT_FILE


@contextmanager
def open_repository() -> Iterator[Any]:
    """DVC's repository in this folder, held as `dvc status` holds it: not while another DVC command changes it.

    Raises:
        PipelineError: it is held already, or DVC cannot read it: what DVC says.
    """
    _find_code_here()
    try:
        with Repo() as repo, lock_repo(repo):
            yield repo
    except DvcException as error:
        causes = [error, *([error.__cause__] if error.__cause__ else [])]
        raise PipelineError("DVC says: " + ": ".join(str(cause) for cause in causes)) from None


def list_gone_stages(repo: Any, stages: list[Any]) -> list[str]:
    """The stages that dvc.lock has and dvc.yaml has not, of which an output is still there."""
    names = {stage.addressing for stage in stages}
    recorded = load_file(repo, PIPELINE)._lockfile.load().get("stages", {})
    return [
        name
        for name, stage in recorded.items()
        if name not in names and any(Path(out["path"]).exists() for out in stage.get("outs", []))
    ]


def _find_code_here() -> None:
    """Let `stages` and `stacker` be found in this folder, as `python -m stages.check` finds them.

    Raises:
        PipelineError: `stacker` was taken from another one.
    """
    here, used = Path.cwd(), Path(stacker.__file__).resolve().parents[1]
    if here.resolve() != used:
        raise PipelineError(
            f"`stacker` is that of {used}, and this is {here}: here, run `python -m stacker` and the command"
        )
    if str(here) not in sys.path:
        sys.path.insert(0, str(here))
