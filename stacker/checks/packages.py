"""Which packages make a stage's numbers, which versions the lock file pins, and which are installed."""

import importlib.metadata
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import NamedTuple

from stacker.artifacts.code_files import Versions
from stacker.artifacts.errors import PipelineError


class Package(NamedTuple):
    """A package whose version may change a number or a picture.

    Attributes:
        name: as `data/code/<stage>.txt` calls it.
        distributions: the names that it is installed under, of which one is enough.
    """

    name: str
    distributions: tuple[str, ...]


# By the name that is imported. What is not here, such as a progress bar, changes no result.
NUMBER_MAKERS = {
    "PIL": Package("pillow", ("pillow",)),
    "cv2": Package("opencv", ("opencv-python", "opencv-python-headless")),
    "keras": Package("keras", ("keras",)),
    "matplotlib": Package("matplotlib", ("matplotlib",)),
    "numpy": Package("numpy", ("numpy",)),
    "openvino": Package("openvino", ("openvino",)),
    "scipy": Package("scipy", ("scipy",)),
    "sklearn": Package("scikit-learn", ("scikit-learn",)),
    "tensorflow": Package("tensorflow", ("tensorflow",)),
}
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)


def find_versions(imported: Collection[str], lock: str) -> Versions:
    """Major and minor version of the number makers among `imported`, as the lock file pins them.

    Args:
        imported: top-level names of packages.
        lock: the text of the lock file. For different versions of Python it may pin different ones: all count.

    Returns:
        By package, sorted, the versions that are right. One that is not in the lock file is left out.
    """
    pinned = [(name.lower(), shorten(version)) for name, version in PIN.findall(lock)]
    makers = sorted(NUMBER_MAKERS[name] for name in NUMBER_MAKERS.keys() & set(imported))
    found = {
        maker.name: sorted({version for name, version in pinned if name in maker.distributions}) for maker in makers
    }
    return {name: versions for name, versions in found.items() if versions}


def shorten(version: str) -> str:
    """Major and minor of a version: what comes after them mends, and should change no number."""
    return ".".join(version.split(".")[:2])


def verify_versions(expected: Mapping[str, list[str]], source: Path) -> None:
    """Are these packages installed, in one of these versions each?

    Args:
        expected: as `find_versions` gives it.
        source: where it was read, for the message.

    Raises:
        PipelineError: some are not: their results would pass for those of the pinned ones.
    """
    makers = {maker.name: maker for maker in NUMBER_MAKERS.values()}
    problems = []
    for name, versions in expected.items():
        received = _find_installed(makers[name].distributions)
        if received is None or shorten(received) not in versions:
            problems.append(f"{name} {' or '.join(versions)}.*, installed is {received or 'none'}")
    if problems:
        raise PipelineError(
            f"this environment is not the one that {source} asks for: " + "; ".join(problems) + ". Install the pinned "
            "versions with `make .venv/installed`, or, to upgrade on purpose, renew the lock file with `make lock`"
        )


def list_installed() -> dict[str, str]:
    """Major and minor version of each package installed that may change a model's numbers, by name, sorted."""
    makers = [maker for maker in NUMBER_MAKERS.values() if maker.name != "matplotlib"]
    found = {maker.name: _find_installed(maker.distributions) for maker in makers}
    return {name: shorten(version) for name, version in sorted(found.items()) if version is not None}


def _find_installed(distributions: tuple[str, ...]) -> str | None:
    for name in distributions:
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return None
