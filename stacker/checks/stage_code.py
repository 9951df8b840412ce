"""Which code and which packages each stage runs: all that `data/code` holds, from the code and the settings alone."""

from functools import cache
from pathlib import Path

from stacker.artifacts.code_files import LOCK, write_code_file
from stacker.artifacts.fused_members import write_fused_members
from stacker.checks.code_hashes import hash_code
from stacker.checks.imports import find_file, find_imports
from stacker.checks.packages import find_versions
from stacker.settings.fusing import choose_fused
from stacker.settings.whole import Settings

COPIES_ALONE = {"fetch"}  # no version of a package changes what it gives, and no upgrade should repeat a download


def write_stage_code(folder: Path, settings: Settings) -> list[str]:
    """Write into `folder` what belongs into `data/code`: the stage `check` does, and `stacker plan` beforehand.

    Args:
        folder: an empty one, anywhere.
        settings: all of them, checked.

    Returns:
        The names of the scripts in `stages/` but `check`, sorted: there is a file for each.
    """
    names = sorted(path.stem for path in Path("stages").glob("[a-z]*.py") if path.stem != "check")
    imports = find_imports(f"stages.{name}" for name in names)
    lock = LOCK.read_text(encoding="utf-8")

    @cache  # most modules are run by several stages
    def hash_module(module: str) -> str:
        return hash_code(find_file(module).read_text(encoding="utf-8"))

    for name in names:
        modules, packages = imports[f"stages.{name}"]
        hashes = {module: hash_module(module) for module in modules}
        write_code_file(folder, name, hashes, {} if name in COPIES_ALONE else find_versions(packages, lock))
    write_fused_members(folder, choose_fused(settings))
    return names
