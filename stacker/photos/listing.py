"""Find the image files of every class, and say which split each is for."""

from pathlib import Path
from typing import NamedTuple

from stacker.artifacts.errors import PipelineError
from stacker.settings.data import Splits

SUFFIXES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}


class ImageFile(NamedTuple):
    """One image: its path relative to `data.images`, its class index, and the split that its folder stands for."""

    path: Path
    label: int
    split: str


def list_images(root: Path, splits: Splits) -> tuple[list[ImageFile], list[str]]:
    """List the images of every folder that `splits` names, in sorted order.

    Returns:
        The files, and the class names in the order of the class indices.

    Raises:
        PipelineError: a folder is missing, has fewer than two classes or other classes than the train folder, or a
            class has no image.
    """
    folders = {name: source for name, source in splits.model_dump().items() if isinstance(source, str)}
    classes = _list_classes(root / folders["train"])
    files = []
    for split, folder in folders.items():
        found = _list_classes(root / folder)
        if found != classes:
            raise PipelineError(
                f"{root / folder} has the classes {found}, but {root / folders['train']} has {classes}: every split "
                "needs the same class folders (see data.splits)"
            )
        for label, name in enumerate(classes):
            paths = _list_class(root / folder / name)
            files += [ImageFile(path.relative_to(root), label, split) for path in paths]
    return files, classes


def _list_classes(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise PipelineError(f"{folder} is no folder: check data.images and data.splits, and that its fetch has run")
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    if len(classes) < 2:
        raise PipelineError(
            f"{folder} needs one folder per class, at least two; received {classes or 'none'}. If it holds split "
            "folders (train/, test/), name them in data.splits"
        )
    return classes


def _list_class(folder: Path) -> list[Path]:
    visible = [path for path in sorted(folder.rglob("*")) if path.is_file() and not is_hidden(path.relative_to(folder))]
    images = [path for path in visible if path.suffix.lower() in SUFFIXES]
    if not images:
        raise PipelineError(f"{folder} holds no image: expected files ending in {', '.join(sorted(SUFFIXES))}")
    if len(images) < len(visible):
        others = sorted({path.suffix or path.name for path in visible if path not in set(images)})
        print(f"{folder}: left out {len(visible) - len(images)} file(s) that are no images: {', '.join(others)}")
    return images


def is_hidden(path: Path) -> bool:
    """Is the file, or a folder that it lies in, one that file managers hide, such as .thumbnails?"""
    return any(part.startswith(".") for part in path.parts)
