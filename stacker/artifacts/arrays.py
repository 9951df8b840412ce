"""The prepared images on disk: `data/arrays/<split>/{images,labels,groups}.npy`, fingerprints, the class names."""

import json
import re
from pathlib import Path

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.numpy_files import load_array

SPLITS = ("train", "validation", "test")
ARRAYS = Path("data/arrays")
CLASSES = ARRAYS / "classes.json"
MANIFEST = ARRAYS / "manifest.csv"
COMMAND = "dvc repro prepare"


def load_images(split: str) -> np.ndarray:
    """The images of a split: uint8, (n, height, width, 3), RGB, 0-255, memory-mapped read-only."""
    return load_array(ARRAYS / split / "images.npy", COMMAND, mmap_mode="r")


def load_labels(split: str) -> np.ndarray:
    """The class index of every image of a split: int64, (n,)."""
    return load_array(ARRAYS / split / "labels.npy", COMMAND)


def load_groups(split: str) -> np.ndarray:
    """Int64, (n,): images that are duplicates of one another share a group."""
    return load_array(ARRAYS / split / "groups.npy", COMMAND)


def load_fingerprint(split: str) -> str:
    """What a split holds, in 16 hexadecimal digits: equal for equal photos of equal classes, whatever their names.

    Raises:
        PipelineError: the file is missing or damaged.
    """
    path = ARRAYS / split / "fingerprint.txt"
    try:
        text = path.read_text(encoding="ascii", errors="replace").strip()
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run `{COMMAND}`, or `dvc checkout` to bring it back") from None
    if not re.fullmatch("[0-9a-f]{16}", text):
        raise PipelineError(f"{path} is damaged (no 16 hexadecimal digits): delete it and run `{COMMAND}`")
    return text


def load_classes() -> list[str]:
    """The class names, in the order of the class indices.

    Raises:
        PipelineError: the file is missing or damaged.
    """
    try:
        names: list[str] = json.loads(CLASSES.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise PipelineError(f"{CLASSES} is missing: run `{COMMAND}`, or `dvc checkout` to bring it back") from None
    except json.JSONDecodeError as error:
        raise PipelineError(f"{CLASSES} is damaged ({error}): delete it and run `{COMMAND}`") from None
    return names
