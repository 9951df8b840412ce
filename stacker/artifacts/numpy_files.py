"""Read `.npy` and `.npz` files; one that is missing, empty or cut short is named with the command that writes it."""

import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np

from stacker.artifacts.errors import PipelineError

# of an empty file, one cut short, one with a flipped bit, or one of another format: NumPy has an error for each
DAMAGES = (OSError, ValueError, EOFError, KeyError, zipfile.BadZipFile, zlib.error)


def load_array(path: Path, command: str, mmap_mode: Literal["r"] | None = None) -> np.ndarray:
    """The array of a `.npy` file.

    Args:
        path: of the file.
        command: writes it.
        mmap_mode: "r" maps it into memory, read-only; None reads it.

    Raises:
        PipelineError: the file is missing or damaged.
    """
    with _named(path, command):
        array = np.load(path, mmap_mode=mmap_mode)
        if not isinstance(array, np.ndarray):
            array.close()
            raise ValueError("it is an archive of arrays")
        return array


def load_arrays(path: Path, command: str) -> Mapping[str, np.ndarray]:
    """All arrays of a `.npz` file, by name; arguments and errors as of `load_array`."""
    # given the path, NumPy would leave a file open that is no whole archive
    with _named(path, command), path.open("rb") as stream:
        arrays = np.load(stream)
        if isinstance(arrays, np.ndarray):
            raise ValueError("it is a single array")
        return {name: arrays[name] for name in arrays}


@contextmanager
def _named(path: Path, command: str) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run `{command}`, or `dvc checkout` to bring it back") from None
    except DAMAGES as error:
        raise PipelineError(
            f"{path} is damaged ({' '.join(str(error).split()) or type(error).__name__}): delete it, then run "
            f"`{command}`, or `dvc checkout` to bring it back"
        ) from None
