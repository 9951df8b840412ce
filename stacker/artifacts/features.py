"""A member's kept features: `data/features/<member>/<split>.npy`, float32, (n, f)."""

import json
from pathlib import Path

import numpy as np

from stacker.artifacts.numpy_files import load_array

FEATURES = Path("data/features")
PROVENANCE = "provenance.json"


def load_features(label: str, split: str) -> np.ndarray:
    """The features of a split, memory-mapped read-only.

    Raises:
        PipelineError: there are none, or the file is damaged.
    """
    return load_array(FEATURES / label / f"{split}.npy", f"dvc repro embed@{label}", mmap_mode="r")


def write_provenance(folder: Path, **facts: str) -> None:
    """Write beside the features what made them, such as the engine and precision of the pass."""
    (folder / PROVENANCE).write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")
