"""Is the folder of photos there? DVC's own answer is a bare `[Errno 2]` that names no setting."""

from collections.abc import Sequence
from pathlib import Path

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.raw_photos import RAW


def check_photos_folder(images: str, fetched: Sequence[str]) -> None:
    """See that `data.images` is there, or will be: fetched, or brought by DVC.

    Args:
        images: the setting.
        fetched: names of the datasets that the stage `fetch` gets.

    Raises:
        PipelineError: nothing is there, and nothing will bring it.
    """
    folder = Path(images)
    is_fetched = any(folder.is_relative_to(RAW / name) for name in fetched)
    is_tracked = any(part.with_name(f"{part.name}.dvc").is_file() for part in [folder, *folder.parents] if part.name)
    if not (is_fetched or is_tracked or folder.is_dir()):
        known = ", ".join(str(RAW / name) for name in fetched)
        raise PipelineError(
            f"data.images: there is no folder {images}: name the one that holds your photos"
            + (f", or one that `fetch` gets ({known})" if known else "")
        )
