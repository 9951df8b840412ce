"""Let a long training go on where an earlier run was interrupted."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from stacker.artifacts.checkpoints import Checkpoints
from stacker.artifacts.code_files import CODE
from stacker.settings.hashing import hash_settings
from stacker.splits.held_out import Plan
from stacker.training.trainer import Trainer


@contextmanager
def resumed_training(trainer: Trainer, hashed: str, plan: Plan) -> Iterator[None]:
    """Keep checkpoints of what `trainer` fits, and go on with those of an earlier run; they go when the block ends.

    Where no network runs in a fit, it takes seconds, and nothing is kept.

    Args:
        trainer: before its first fit.
        hashed: the settings.
        plan: of all fits.

    Raises:
        KeyboardInterrupt: as in the block, with words on what was kept.
    """
    if not trainer.runs_network:
        yield
        return
    checkpoints = trainer.checkpoints = Checkpoints(trainer.label, hash_training(trainer, hashed, plan))
    print(f"{trainer.label}: curves to watch are written to {checkpoints.curves}/", flush=True)
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(checkpoints.explain_stop()) from None
    checkpoints.clear()


def hash_training(trainer: Trainer, hashed: str, plan: Plan) -> str:
    """16 hexadecimal digits of all that the fits of a training come from: settings, code, rows, and their content.

    Args:
        trainer: for the data.
        hashed: the settings, with them the hash of a file with weights.
        plan: which rows each fit learns from.

    Raises:
        FileNotFoundError: the stage `check` has not run.
    """
    data = trainer.data
    code = (CODE / "train.txt").read_text(encoding="utf-8")
    parts = [part for part in (data.images, data.labels, data.features) if part]
    read = [part[split] for part in parts for split in ("train", "validation")]
    content = [hash_array(array) for array in (*read, *plan.final, *(rows for fold in plan.folds for rows in fold))]
    return hash_settings(hashed, code, data.class_count, content)


def hash_array(array: np.ndarray) -> str:
    """A hash of an array's values, shape and type; a memory map is read through once."""
    described = hashlib.sha256(f"{array.dtype.str} {array.shape}".encode())
    described.update(np.ascontiguousarray(array).data)
    return described.hexdigest()
