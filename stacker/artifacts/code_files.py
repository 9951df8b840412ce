"""`data/code/<stage>.txt`: the code and the packages that a stage runs, for DVC to compare and for people to read."""

from collections.abc import Mapping
from pathlib import Path

from stacker.artifacts.errors import PipelineError

CODE = Path("data/code")
LOCK = Path("requirements.lock")
MODULE, PACKAGE = "module", "package"
Versions = dict[str, list[str]]  # of packages, by name: those of which one must be installed


def write_code_file(folder: Path, stage: str, modules: Mapping[str, str], versions: Versions) -> None:
    """Write what `stage` runs.

    Args:
        folder: where to.
        stage: the name of its script.
        modules: the hash of each of our modules that it imports, by dotted name.
        versions: the versions of packages that make its numbers, as the lock file pins them.
    """
    lines = [f"{MODULE} {name} {digits}" for name, digits in sorted(modules.items())]
    lines += [f"{PACKAGE} {name} {' '.join(pinned)}" for name, pinned in sorted(versions.items())]
    (folder / f"{stage}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_versions(stage: str) -> Versions:
    """The package versions that `data/code/<stage>.txt` asks for.

    Raises:
        PipelineError: the stage `check` has not run.
    """
    path = CODE / f"{stage}.txt"
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise PipelineError(f"{path} is missing: run `dvc repro check`, which takes a second") from None
    words = [line.split() for line in lines]
    return {name: versions for kind, name, *versions in words if kind == PACKAGE}
