"""The prepared images on disk: `data/arrays/<split>/{images,labels,groups}.npy` and the class names."""

import json
from pathlib import Path

import numpy as np

from stages.errors import PipelineError

ARRAYS = Path("data/arrays")
CLASSES = ARRAYS / "classes.json"
SPLITS = ("train", "validation", "test")


def load_images(split: str) -> np.ndarray:
    """The images of a split: uint8, (n, height, width, 3), RGB, 0-255, memory-mapped read-only."""
    return _load(split, "images", mmap_mode="r")


def load_labels(split: str) -> np.ndarray:
    """The class index of every image of a split: int64, (n,)."""
    return _load(split, "labels")


def load_groups(split: str) -> np.ndarray:
    """Int64, (n,): images that are duplicates of one another share a group."""
    return _load(split, "groups")


def load_classes() -> list[str]:
    """The class names, in the order of the class indices."""
    try:
        return json.loads(CLASSES.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _missing(CLASSES) from None


def _load(split: str, name: str, mmap_mode=None) -> np.ndarray:
    path = ARRAYS / split / f"{name}.npy"
    try:
        return np.load(path, mmap_mode=mmap_mode)
    except FileNotFoundError:
        raise _missing(path) from None


def _missing(path: Path) -> PipelineError:
    return PipelineError(f"{path} is missing: run `dvc repro prepare`, or `dvc checkout` to bring it back")
