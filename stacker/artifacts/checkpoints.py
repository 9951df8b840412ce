"""What a long training keeps of itself while it runs: `.checkpoints/<member>/`.

Neither Git nor DVC looks into that folder, and no stage depends on it. What a training keeps it keeps under a hash of
all that it comes from, so that nothing else can go on with it.
"""

import json
import shutil
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from stacker.artifacts.disk_room import WAY_OUT
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.numpy_files import DAMAGES
from stacker.artifacts.outputs import PARTIAL, replaced_file

CHECKPOINTS = Path(".checkpoints")
FACTS = "facts"  # the array that holds what is no array, as JSON


class Checkpoint(NamedTuple):
    """What was kept under one name.

    Attributes:
        arrays: by name.
        facts: what JSON knows.
    """

    arrays: Mapping[str, np.ndarray]
    facts: dict[str, Any]


class Checkpoints:
    """The checkpoints of one training.

    Attributes:
        label: of the member that is trained.
        folder: where they lie.
        curves: the folder of the curves that one can watch, a file a fit.
        kept: in words, what was kept last, or found; empty where there is nothing.
    """

    def __init__(self, label: str, digits: str):
        """Use, and make where it is not there, the folder of one training.

        Args:
            label: of the member that is trained.
            digits: a hash of all that the training comes from.
        """
        self.label = label
        self.curves = CHECKPOINTS / label / "curves"
        self.kept = ""
        self.folder = CHECKPOINTS / label / digits
        self._can_write = True
        for path in self.folder.rglob(f"{PARTIAL}*"):  # of a run that was killed while it wrote
            shutil.rmtree(path, ignore_errors=True)

    def write(self, name: str, checkpoint: Checkpoint, what: str) -> None:
        """Keep `checkpoint` in the place of the one of that name.

        Where the disk has no room, that is said, once, and the training goes on: it needs no checkpoint to end well.

        Args:
            name: such as "final/head".
            checkpoint: to keep; no array is called "facts".
            what: it is, in words.
        """
        path, facts = self._find(name), np.array(json.dumps(checkpoint.facts))
        try:
            needed = sum(array.nbytes for array in checkpoint.arrays.values())
            with replaced_file(path, needed) as partial, partial.open("wb") as stream:
                np.savez(stream, allow_pickle=False, **{**checkpoint.arrays, FACTS: facts})
        except (OSError, PipelineError) as error:
            if self._can_write:
                why = str(error).removesuffix(f": {WAY_OUT}")
                print(f"{self.label}: {why}: training goes on without this checkpoint", flush=True)
            self._can_write = False
            return
        self._can_write = True
        self.kept = what

    def read(self, name: str) -> Checkpoint | None:
        """What is kept under `name`; None where nothing is. A file that is damaged is reported, and removed."""
        path = self._find(name)
        try:
            with path.open("rb") as stream, np.load(stream) as file:  # given the path, NumPy leaves a bad one open
                arrays = {key: file[key] for key in file}
            return Checkpoint(arrays, json.loads(str(arrays.pop(FACTS))))
        except FileNotFoundError:
            return None
        except DAMAGES as error:
            print(f"{self.label}: {path} is damaged ({error}) and was removed: what it held is done again", flush=True)
            path.unlink()
            return None

    def remove(self, name: str) -> None:
        """Remove all that is kept under names that begin with `name` and a slash."""
        shutil.rmtree(self.folder / name, ignore_errors=True)

    def clear(self) -> None:
        """Remove all checkpoints of the member, those of other trainings too: it is trained."""
        shutil.rmtree(CHECKPOINTS / self.label, ignore_errors=True)

    def explain_stop(self) -> str:
        """What a training that was stopped has kept, and how to go on."""
        if not self.kept:
            return f"{self.label}: no epoch was kept yet; `dvc repro` begins this training anew"
        return f"{self.kept}, and all before it is kept in {self.folder}: `dvc repro` goes on from there"

    def _find(self, name: str) -> Path:
        return self.folder / f"{name}.npz"


def remove_checkpoints_of_others(members: Collection[str]) -> None:
    """Remove what trainings of members that are no longer in the settings have kept."""
    for path in sorted(CHECKPOINTS.glob("*")):
        if path.name not in members:
            shutil.rmtree(path)
            print(f"removed {path}: earlier settings left it behind")
