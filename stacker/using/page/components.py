"""Gradio's two ways to give a photo, changed to give the file as it is, not yet opened. Needs Gradio.

As they come, they decode an image before any code of ours sees it. They are changed one by one: Gradio writes a file
beside the source of a subclass.
"""

import os
from pathlib import Path
from typing import Any

import gradio

from stacker.using.page.uploads import Upload


def build_drop(**options: Any) -> gradio.File:
    """A place to drop files; what it gives is a list of uploads."""
    return _leave_unopened(gradio.File(file_count="multiple", **options))


def build_camera(**options: Any) -> gradio.Image:
    """The webcam; what it gives is a list of one upload, or none."""
    return _leave_unopened(gradio.Image(sources=["webcam"], **options))


def _leave_unopened(component: Any) -> Any:
    component.preprocess = take_uploads
    return component


def take_uploads(payload: Any) -> list[Upload]:
    """From Gradio's word for one file, several or none: where each lies, and what the user calls it."""
    files = [] if payload is None else getattr(payload, "root", [payload])
    return [Upload(Path(check_place(file.path)), file.orig_name or Path(file.path).name) for file in files if file.path]


def confine(page: gradio.Blocks) -> None:
    """Let no request name a file that was not uploaded.

    Gradio copies whatever file a request names to where files are served from, and fetches what it names by a web
    address: of a page that is mounted and not launched, it checks no path (6.31, `_check_allowed`).
    """

    async def leave_in_place(path: Any) -> str:
        return check_place(str(path))

    for block in page.blocks.values():
        block.async_move_resource_to_block_cache = leave_in_place


def check_place(path: str) -> str:
    """The path of a file among the uploads and examples.

    Raises:
        gradio.Error: it lies, or leads, elsewhere.
    """
    folder = Path(os.path.realpath(gradio.utils.get_upload_folder()))
    if not Path(os.path.realpath(path)).is_relative_to(folder):
        raise gradio.Error("Only uploaded files are taken.", print_exception=False)
    return path
