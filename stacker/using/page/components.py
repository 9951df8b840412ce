"""Gradio's two ways to give a photo, changed to give the file as it is, not yet opened. Needs Gradio.

As they come, they decode an image before any code of ours sees it, and fetch what a request names by a web address.
They are changed one by one: Gradio writes a file beside the source of a subclass.
"""

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
    component.async_move_resource_to_block_cache = refuse_address
    return component


def take_uploads(payload: Any) -> list[Upload]:
    """From Gradio's word for one file, several or none: where each lies, and what the user calls it."""
    files = [] if payload is None else getattr(payload, "root", [payload])
    return [Upload(Path(file.path), file.orig_name or Path(file.path).name) for file in files if file.path]


async def refuse_address(path: str) -> str:
    """The path of a file, which may stay where it is: what is no address, Gradio has checked to be an upload."""
    if "://" in path:
        raise gradio.Error("Only uploaded files are taken.", print_exception=False)
    return path
