"""Photos that cannot be read: what is raised for one, why it is in words, and all of them at once."""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import cv2
from PIL import Image

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.long_lists import show_list

# What OpenCV and Pillow raise for a damaged file; Pillow has a SyntaxError of a PNG and a ValueError of a palette.
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError, cv2.error)


class Unreadable(NamedTuple):
    """Why a photo could not be read."""

    reason: str


def explain_unreadable(error: Exception) -> str:
    """Why a photo cannot be read, in a line; `error` is one of `UNREADABLE`."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "it is a folder"
    if isinstance(error, PermissionError):
        return "permission to read it is denied"
    if isinstance(error, cv2.error):  # its text begins with the place in OpenCV's own source
        return f"OpenCV cannot decode it: {error.err}"
    text = " ".join(str(error).split())
    return "it is no image that can be read" if "cannot identify image file" in text else text


def refuse_unreadable(found: Mapping[Path, Unreadable], advice: str) -> None:
    """Refuse all photos that cannot be read, at once.

    Args:
        found: by path, those that cannot be read; none is fine.
        advice: what to do about them.

    Raises:
        PipelineError: naming each, with its reason.
    """
    if not found:
        return
    lines = [f"{path}: {unreadable.reason}" for path, unreadable in sorted(found.items())]
    raise PipelineError(f"{len(lines):,} image(s) cannot be read; {advice}:{show_list(lines, 'unreadable.txt')}")
