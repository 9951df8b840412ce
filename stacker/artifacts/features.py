"""A member's kept features: `data/features/<member>/<split>.npy`, float32, (n, f)."""

import json
from pathlib import Path

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.numpy_files import load_array

FEATURES = Path("data/features")
PROVENANCE = "provenance.json"


def load_features(label: str, split: str) -> np.ndarray:
    """The features of a split, memory-mapped read-only.

    Raises:
        PipelineError: there are none, or the file is damaged.
    """
    return load_array(FEATURES / label / f"{split}.npy", f"dvc repro embed@{label}", mmap_mode="r")


def read_provenance(label: str) -> dict[str, str]:
    """What made a member's features; for a backbone that is trained from the start, that there are none.

    Raises:
        PipelineError: the stage `embed` has not run.
    """
    path = FEATURES / label / PROVENANCE
    try:
        facts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PipelineError(f"{path} cannot be read ({error}): run `dvc repro --force embed@{label}`") from error
    return facts


def write_provenance(folder: Path, **facts: str) -> None:
    """Write beside the features what made them, such as backend, engine and precision of the pass."""
    (folder / PROVENANCE).write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
