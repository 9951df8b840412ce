"""Which modules a stage's script imports, directly or not: ours by file, other packages by name."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import grimp

PACKAGES = ("stages", "stacker")  # ours


class Imports(NamedTuple):
    """What a module imports, directly or not, in functions too.

    Attributes:
        modules: dotted names of our modules, sorted, the module itself and the packages that they lie in included.
        packages: top-level names of all other packages, Python's own included.
    """

    modules: list[str]
    packages: set[str]


def find_imports(scripts: Iterable[str]) -> dict[str, Imports]:
    """What each of `scripts`, dotted names such as "stages.train", imports.

    The packages of `PACKAGES` are looked for where Python finds them: from the project's root, in the folder itself.
    """
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    found = {}
    for script in scripts:
        reached = {script, *graph.find_upstream_modules(script)}
        # The packages that a module lies in are run before it, with what they import.
        parents = {parent for module in reached if _is_ours(module) for parent in _list_parents(module)}
        reached |= parents.union(*(graph.find_upstream_modules(parent) for parent in parents))
        ours = {module for module in reached if _is_ours(module)}
        found[script] = Imports(sorted(ours), reached - ours)
    return found


def find_file(module: str, root: Path = Path()) -> Path:
    """The file of one of our modules, below `root`."""
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in PACKAGES


def _list_parents(module: str) -> list[str]:
    parts = module.split(".")
    return [".".join(parts[: count + 1]) for count in range(len(parts))]
