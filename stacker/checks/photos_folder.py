"""Is the folder of photos there, with names that DVC can write down? Its own answers name neither setting nor file."""

from collections.abc import Sequence
from pathlib import Path

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.file_names import refuse_odd_names
from stacker.artifacts.raw_photos import RAW


def check_photos_folder(images: str, fetched: Sequence[str]) -> None:
    """See that `data.images` is there, or will be: fetched, or brought by DVC.

    Args:
        images: the setting.
        fetched: names of the datasets that the stage `fetch` gets.

    Raises:
        PipelineError: nothing is there, and nothing will bring it; or a file name is no UTF-8.
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
    refuse_odd_names(folder)
