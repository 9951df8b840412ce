"""Find the image files of every class, and say which split each is for."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.file_names import is_utf8, refuse_odd_paths, show_name
from stacker.photos.opening import HEIC_ADVICE, HEIC_SUFFIXES, list_suffixes
from stacker.settings.data import Splits

SPLIT_NAMES = {"train", "training", "test", "testing", "val", "valid", "validation"}


class ImageFile(NamedTuple):
    """One image: its path relative to `data.images`, its class index, and the split that its folder stands for."""

    path: Path
    label: int
    split: str


def list_images(root: Path, splits: Splits) -> tuple[list[ImageFile], list[str]]:
    """List the images of every folder that `splits` names, in sorted order; what is left out is counted in print.

    Returns:
        The files, and the class names in the order of the class indices.

    Raises:
        PipelineError: a folder is missing, has fewer than two classes or other classes than the train folder, has
            split folders for classes, a class has no image, or the name of one is no UTF-8.
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
    refuse_odd_paths(root / file.path for file in files if not is_utf8(str(file.path)))
    return files, classes


def is_hidden(path: Path) -> bool:
    """Is the file, or a folder that it lies in, one that file managers hide, such as .thumbnails?"""
    return any(part.startswith(".") for part in path.parts)


def _list_classes(folder: Path) -> list[str]:
    if not folder.is_dir():
        raise PipelineError(f"{folder} is no folder: check data.images and data.splits, and that its fetch has run")
    entries = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    classes = [path for path in entries if path.is_dir()]
    if len(classes) < 2:
        raise PipelineError(
            f"{folder} needs one folder per class, at least two; received {[path.name for path in classes] or 'none'}. "
            "If it holds split folders (train/, test/), name them in data.splits"
        )
    _refuse_splits(folder, classes)
    _report_left_out(folder, (path for path in entries if not path.is_dir()))
    return [path.name for path in classes]


def _refuse_splits(folder: Path, classes: list[Path]) -> None:
    """A class may be called `train`, as in railways; two split names, or one that holds folders, are splits."""
    named = [path for path in classes if path.name.casefold() in SPLIT_NAMES]
    nested = [path for path in named if any(entry.is_dir() for entry in path.iterdir())]
    if len(named) > 1 or nested:
        names = ", ".join(path.name for path in named)
        raise PipelineError(
            f"{folder} holds the folders {names}, which are splits and no classes: name them in data.splits, such as "
            "`splits: {train: train, validation: 0.1, test: test}`, or rename them if they are classes"
        )


def _list_class(folder: Path) -> list[Path]:
    visible = [path for path in sorted(folder.rglob("*")) if not is_hidden(path.relative_to(folder))]
    suffixes = list_suffixes()
    images = [path for path in visible if path.suffix.lower() in suffixes and path.is_file()]
    if not images:
        raise PipelineError(f"{folder} holds no image: expected files ending in {', '.join(sorted(suffixes))}")
    taken = set(images)
    _report_left_out(folder, (path for path in visible if path not in taken))
    return images


def _report_left_out(folder: Path, paths: Iterable[Path]) -> None:
    """Say how many entries of which kind are not taken; plain folders are none of them."""
    kinds = Counter(kind for path in paths if (kind := _name_kind(path)))
    if kinds:
        listed = ", ".join(f"{count:,} {kind}" for kind, count in sorted(kinds.items()))
        advice = f". To take .heic and .heif, {HEIC_ADVICE}" if HEIC_SUFFIXES & kinds.keys() else ""
        print(show_name(f"{folder}: left out {kinds.total():,} that are no images to take: {listed}{advice}"))


def _name_kind(path: Path) -> str | None:
    if path.is_symlink() and not path.exists():
        return "dangling link"
    if path.is_dir():
        return "link to a folder" if path.is_symlink() else None
    if path.suffix.lower() in list_suffixes():
        return "image outside the class folders"
    return path.suffix.lower() or path.name
