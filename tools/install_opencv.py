"""Give the environment that runs this a build of OpenCV that the machine can load: `make` calls it.

`requirements.lock` brings opencv-python, which needs libGL, libxcb and glib of the system. A bare server lacks them:
there the headless build of the same version takes its place. Both write the same files, so that one has to be
uninstalled before the other comes, and not after.
"""

import re
import subprocess
import sys
from pathlib import Path

BUILDS = ("opencv-python", "opencv-python-headless")
HEADLESS_LOCK = Path(__file__).resolve().parents[1] / "locks" / "opencv-headless.lock"
MISSING_LIBRARY = re.compile(r"^ImportError: (\S+): cannot open shared object file", re.MULTILINE)


def main() -> None:
    error = import_opencv()
    library = find_missing_library(error)
    if library:
        print(f"opencv-python needs {library}, which this machine lacks: opencv-python-headless takes its place")
        run_pip("uninstall", "--yes", *BUILDS)
        run_pip("install", "--no-deps", "--require-hashes", "--requirement", str(HEADLESS_LOCK))
        error = import_opencv()
    if error:
        sys.exit(f"OpenCV is installed, but cannot be imported:\n{error}")


def import_opencv() -> str:
    """What Python says when a fresh process imports OpenCV; nothing where that works."""
    result = subprocess.run([sys.executable, "-c", "import cv2"], capture_output=True, text=True, check=False)
    return result.stderr if result.returncode else ""


def find_missing_library(error: str) -> str | None:
    """The system's library that `error`, a traceback, ends for; None where it ends for something else, or is empty."""
    found = MISSING_LIBRARY.search(error)
    return found[1] if found else None


def run_pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "--quiet", *arguments], check=True)


if __name__ == "__main__":
    main()
