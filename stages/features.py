"""A member's kept features: `data/features/<member>/<split>.npy`, float32, (n, f)."""

import json
from pathlib import Path

import numpy as np

from stages.errors import PipelineError

FEATURES = Path("data/features")


def load_features(label: str, split: str) -> np.ndarray:
    """The features of a split, memory-mapped read-only.

    Raises:
        PipelineError: there are none.
    """
    path = FEATURES / label / f"{split}.npy"
    try:
        return np.load(path, mmap_mode="r")
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run `dvc repro embed@{label}`") from None


def write_provenance(folder: Path, **facts: str) -> None:
    """Write beside the features what made them, such as the engine and precision of the pass."""
    (folder / "provenance.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
