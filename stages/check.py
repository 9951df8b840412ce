"""Check all of params.yaml, and find out which code and which packages each stage runs.

Reads params.yaml, the code in `stages/` and `stacker/`, and the lock file; writes `data/code/<stage>.txt`: a line for
each module that the stage's script imports, directly or not, with a hash of its code, and for each package that makes
its numbers. Every other stage depends on its own of these files, so that an edit re-runs what it may change, no more.
For `fuse` it also writes `data/code/fused.json`: whose features that stage takes.
Nothing else decides what is written: what depends on the machine, each stage verifies before its work.
"""

from pathlib import Path

from stacker.artifacts.code_files import CODE, LOCK, write_code_file
from stacker.artifacts.fused_members import write_fused_members
from stacker.artifacts.outputs import replaced_directory
from stacker.checks.code_hashes import hash_code
from stacker.checks.command import run_stage
from stacker.checks.imports import find_file, find_imports
from stacker.checks.packages import find_versions
from stacker.checks.photos_folder import check_photos_folder
from stacker.settings.fusing import choose_fused
from stacker.settings.whole import load_settings

COPIES_ALONE = {"fetch"}  # no version of a package changes what it gives, and no upgrade should repeat a download


def main() -> None:
    settings = load_settings()
    check_photos_folder(settings.data.images, list(settings.fetch))
    names = sorted(path.stem for path in Path("stages").glob("[a-z]*.py") if path.stem != "check")
    imports = find_imports(f"stages.{name}" for name in names)
    lock = LOCK.read_text(encoding="utf-8")
    with replaced_directory(CODE) as folder:
        for name in names:
            modules, packages = imports[f"stages.{name}"]
            hashes = {module: hash_code(find_file(module).read_text(encoding="utf-8")) for module in modules}
            write_code_file(folder, name, hashes, {} if name in COPIES_ALONE else find_versions(packages, lock))
        write_fused_members(folder, choose_fused(settings))
    print(f"params.yaml is valid; {CODE} says which code each of {len(names)} stages runs")


if __name__ == "__main__":
    run_stage(main, __doc__, is_verified=False)
