"""Where the picture of each photo goes, so that no two photos share one and no photo is written over."""

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from stacker.artifacts.errors import WrongUseError


def name_pictures(photos: Sequence[Path], output: Path) -> list[Path]:
    """The path of each photo's picture, below `output`.

    It is the end of the photo's path, with as many folders for all as it takes to tell them apart: none, but where
    `cats/1.jpg` and `dogs/1.jpg` are among them. The whole name stays, so that `1.jpg` and `1.png` do not meet.

    Args:
        photos: any; they need not exist.
        output: the folder for the pictures.

    Raises:
        WrongUseError: a photo lies in `output`: its picture could take the place of another photo, and the next run
            would take pictures for photos.
    """
    places = [Path(os.path.realpath(photo.parent)) / photo.name for photo in photos]
    for photo, place in zip(photos, places, strict=True):
        if Path(os.path.realpath(output)) in place.parents:
            raise WrongUseError(f"--output {output} holds a photo to explain, {photo}: name a folder without photos")
    parts = [place.parts[1:] for place in places]
    depth = next(depth for depth in count(1) if len({ends[-depth:] for ends in parts}) == len(set(parts)))
    return [output.joinpath(*ends[-depth:-1], f"{ends[-1]}.png") for ends in parts]
