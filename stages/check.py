"""Check all of params.yaml, and find out which code and which packages each stage runs.

Reads params.yaml, the code in `stages/` and `stacker/`, and the lock file; writes `data/code/<stage>.txt`: a line for
each module that the stage's script imports, directly or not, with a hash of its code, and for each package that makes
its numbers. Every other stage depends on its own of these files, so that an edit re-runs what it may change, no more.
For `fuse` it also writes `data/code/fused.json`: whose features that stage takes.
Nothing else decides what is written: what depends on the machine, each stage verifies before its work.
"""

from stacker.artifacts.code_files import CODE
from stacker.artifacts.outputs import replaced_directory
from stacker.checks.command import run_stage
from stacker.checks.photos_folder import check_photos_folder
from stacker.checks.stage_code import write_stage_code
from stacker.settings.whole import load_settings


def main() -> None:
    settings = load_settings()
    check_photos_folder(settings.data.images, list(settings.fetch))
    with replaced_directory(CODE) as folder:
        names = write_stage_code(folder, settings)
    print(f"params.yaml is valid; {CODE} says which code each of {len(names)} stages runs")


if __name__ == "__main__":
    run_stage(main, __doc__, is_verified=False)
