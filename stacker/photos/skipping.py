"""What becomes of photos that cannot be read: an error that names all, or they are left out and told."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from stacker.artifacts.long_lists import show_list
from stacker.photos.listing import ImageFile
from stacker.photos.unreadable import Unreadable, refuse_unreadable

ADVICE = "mend or remove them, or set data.unreadable: skip to leave them out"


def handle_unreadable(
    root: Path, files: Sequence[ImageFile], unreadable: Mapping[int, Unreadable], handling: str
) -> tuple[list[ImageFile], dict[ImageFile, Unreadable]]:
    """The files that can be read, and the others with the reason, which are printed.

    Args:
        root: what the files' paths are relative to.
        files: all images.
        unreadable: by number of the file, those that cannot be read.
        handling: the setting `data.unreadable`, "error" or "skip".

    Raises:
        PipelineError: naming all that cannot be read, if it is "error", or if there are no others.
    """
    skipped = {files[row]: unreadable[row] for row in sorted(unreadable)}
    if handling == "error" or len(skipped) == len(files):
        refuse_unreadable({root / file.path: found for file, found in skipped.items()}, ADVICE)
    if skipped:
        lines = [f"{root / file.path}: {found.reason}" for file, found in skipped.items()]
        print(f"warning: skipped {len(lines):,} image(s) that cannot be read:{show_list(lines, 'skipped.txt')}")
    return [file for file in files if file not in skipped], skipped
