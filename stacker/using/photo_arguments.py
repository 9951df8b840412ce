"""Which photos are meant by the arguments of a command: files, folders, patterns, or a list on standard input."""

import glob
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from stacker.artifacts.errors import WrongUseError
from stacker.photos.listing import is_hidden
from stacker.photos.opening import list_suffixes

STANDARD_INPUT = "-"


def find_photos(arguments: Iterable[str], stream: TextIO) -> list[Path]:
    """The files that the arguments name, in their order, each once.

    Args:
        arguments: files, whatever their suffix; folders, of which all images at any depth are taken but hidden ones;
            patterns such as `photos/**/*.jpg`, for where the shell does not resolve them; `-` for a list on `stream`,
            a file a line.
        stream: standard input.

    Raises:
        WrongUseError: naming an argument that no file goes by, or a folder without images.
    """
    found: dict[Path, None] = {}
    for argument in arguments:
        found |= dict.fromkeys(_list_lines(stream) if argument == STANDARD_INPUT else _resolve(argument))
    if not found:
        raise WrongUseError("no photos: standard input named none")
    return list(found)


def _list_lines(stream: TextIO) -> Iterator[Path]:
    """Files that are not there are kept: a list is long, and one wrong line should not stop the others."""
    return (Path(line.rstrip("\n")) for line in stream if line.strip())


def _resolve(argument: str) -> list[Path]:
    path = Path(argument)
    if path.is_dir():
        suffixes = list_suffixes()
        images = [found for found in sorted(path.rglob("*")) if found.suffix.lower() in suffixes and found.is_file()]
        images = [found for found in images if not is_hidden(found.relative_to(path))]
        if not images:
            raise WrongUseError(f"{argument}: no image in this folder; expected files in {', '.join(sorted(suffixes))}")
        return images
    if path.exists():
        return [path]
    matched = [Path(name) for name in sorted(glob.glob(argument, recursive=True)) if Path(name).is_file()]  # noqa: PTH207 - Path.glob takes no absolute patterns
    if not matched:
        raise WrongUseError(f"{argument}: no such file or folder, and no file matches it as a pattern")
    return matched
