"""Renew the lock files: `make lock`. Pins that still fit stay; `make lock LOCK=--upgrade` takes the newest of all.

requirements.lock           what the pipeline and its tests need
locks/<extra>.lock          what an extra adds to that: installed together with requirements.lock, never alone
locks/<group>.lock          likewise, for a group of development tools with an environment of its own
locks/opencv-headless.lock  the build of OpenCV for machines without graphics libraries

All are for every platform and Python version, with hashes, and name no package registry. uv does the work.
"""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

BASE = Path("requirements.lock")
LOCKS = Path("locks")
PINNED = re.compile(r"^([a-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;]+)", re.MULTILINE)


def main() -> None:
    options = sys.argv[1:]
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))
    oldest = find_oldest_python(project["project"]["requires-python"])
    compile_lock(["--python-version", oldest, "--group", "dev", "pyproject.toml", *options], BASE)

    base = list_pins(BASE.read_text(encoding="utf-8"))
    additions = project["project"].get("optional-dependencies", {}) | {
        name: wanted for name, wanted in project["dependency-groups"].items() if name != "dev"
    }
    for name, wanted in additions.items():
        constraints = ["--constraint", str(BASE), *(f"--no-emit-package={package}" for package in base)]
        compile_lock(["--python-version", oldest, *constraints, "-", *options], LOCKS / f"{name}.lock", wanted)

    # No dependencies: they are in requirements.lock, as those of the build whose place it takes.
    same_version = [f"opencv-python-headless=={base['opencv-python']}"]
    compile_lock(["--python-version", oldest, "--no-deps", "-"], LOCKS / "opencv-headless.lock", same_version)


def compile_lock(arguments: list[str], path: Path, requirements: list[str] | None = None) -> None:
    """Run uv, which keeps the pins of an old lock file at `path` where they still fit."""
    options = ["--quiet", "--universal", "--generate-hashes", "--no-header", "--output-file", str(path)]
    text = "\n".join(requirements or [])
    subprocess.run(["uv", "pip", "compile", *options, *arguments], input=text, text=True, check=True)
    print(f"{path}: {len(list_pins(path.read_text(encoding='utf-8')))} packages")


def find_oldest_python(specifier: str) -> str:
    """The lower bound of a specifier such as ">=3.11.4,<3.14"."""
    return specifier.split(",")[0].removeprefix(">=")


def list_pins(lock: str) -> dict[str, str]:
    """The version of each package in the text of a lock file; the last one where it differs by version of Python."""
    return dict(PINNED.findall(lock))


if __name__ == "__main__":
    main()
