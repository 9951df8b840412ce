"""Run the example of an export in a process of its own, as whoever gets it would."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from stacker.artifacts.errors import PipelineError
from stacker.using.exporting import measuring
from stacker.using.exporting.contract import FROM_FILES, NETWORK

NOVELTY = 1e-3  # the largest difference of a novelty, as a share of it where it is above 1
SHOWN = 15  # lines of a program that failed


class Measured(NamedTuple):
    """What an export's example gives on the golden photos.

    Attributes:
        from_files: the largest difference of a probability, from the files on.
        network: the same from prepared images on.
        novelty: the largest difference of a novelty, from prepared images on, as a share of it where it is above 1.
        milliseconds: a photo, of the network alone, all golden photos at a time.
    """

    from_files: float
    network: float
    novelty: float
    milliseconds: float


def run_example(folder: Path) -> Measured:
    """Run the example in `folder`, and judge what it gives.

    Raises:
        PipelineError: it fails, or gives other answers than the model that was exported.
    """
    hidden = ("PYTHONPATH", "PYTHONSTARTUP")  # this library must not be needed
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    command = [sys.executable, "-P", measuring.__file__]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - ours
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        said = "\n  ".join([*lines, *done.stderr.splitlines()][-SHOWN:])
        raise PipelineError(f"its example fails, with exit code {done.returncode}:\n  {said}")
    measured = Measured(**json.loads(lines[-1]))
    judge(measured)
    return measured


def judge(measured: Measured) -> None:
    """Are the differences as small as they have to be?

    Raises:
        PipelineError: naming the first that is not.
    """
    if not measured.network <= NETWORK:
        raise PipelineError(
            f"a probability differs by {measured.network:.1e} in the network alone, at most {NETWORK:g}"
        )
    if not measured.novelty <= NOVELTY:
        raise PipelineError(f"a novelty differs by {measured.novelty:.1e} of it, at most {NOVELTY:g}")
    if not measured.from_files <= FROM_FILES:
        raise PipelineError(
            f"a probability differs by {measured.from_files:.1e} from the file on, at most {FROM_FILES:g}"
        )
