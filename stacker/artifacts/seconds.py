"""How long each stage took when it last ran on this machine: DVC does not record it.

A small file a stage in DVC's own folder for what is temporary, which neither DVC nor Git looks into: it is in no hash,
and a clone starts without.
"""

import contextlib
import os
from pathlib import Path

SECONDS = Path(".dvc/tmp/stacker/seconds")
STAGE, ROOT = "DVC_STAGE", "DVC_ROOT"  # what DVC tells the command of a stage: its name, and the project's root


def keep_seconds(seconds: float) -> None:
    """Keep how long the stage took that DVC is running; without DVC, nothing is kept."""
    stage, root = os.environ.get(STAGE), os.environ.get(ROOT)
    if stage is None or root is None:
        return
    path = Path(root) / SECONDS / stage
    with contextlib.suppress(OSError):  # a disk that is full must not cost the results of the stage
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{seconds:.1f}\n", encoding="ascii")


def read_seconds(stage: str) -> float | None:
    """How long `stage`, such as "train@xception", last took; None where that is not known."""
    try:
        return float((SECONDS / stage).read_text(encoding="ascii"))
    except (FileNotFoundError, ValueError):  # never timed, or killed while it was written
        return None
