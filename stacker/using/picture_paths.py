"""Where the picture of each photo goes, so that no two photos share one and no photo is written over."""

import os
from collections.abc import Sequence
from pathlib import Path

from stacker.artifacts.errors import PipelineError


def name_pictures(photos: Sequence[Path], output: Path) -> list[Path]:
    """The path of each photo's picture.

    Below `output` they lie as the photos do below the folder that holds them all, so that `a/1.jpg` and `b/1.jpg`
    do not meet; the photo's whole name stays, so that `1.jpg` and `1.png` do not either.

    Args:
        photos: at least one; they need not exist.
        output: the folder for the pictures.

    Raises:
        PipelineError: a photo lies in `output`: its picture could take the place of another photo, and the next run
            would take pictures for photos.
    """
    places = [Path(os.path.realpath(photo.parent)) / photo.name for photo in photos]
    for photo, place in zip(photos, places, strict=True):
        if Path(os.path.realpath(output)) in place.parents:
            raise PipelineError(f"--output {output} holds a photo to explain, {photo}: name a folder without photos")
    common = os.path.commonpath([place.parent for place in places])
    return [output / place.relative_to(common).parent / f"{place.name}.png" for place in places]
