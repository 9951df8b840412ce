"""Install what lock files pin, and say meanwhile what pip does: `make` calls it, while no package is there yet.

`pip --quiet` is silent for minutes, and without it there are some 500 lines.
"""

import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

# Of requirements.lock, measured with Python 3.11 on Linux x86-64: 897 MB in 152 files, of which TensorFlow is 572 MB;
# 3,047 MiB installed, a minute on two cores and a fast network.
SIZE = "about 0.9 GB to download, 3 GB on the disk, and one to ten minutes, as the network is"
PIN = re.compile(r"^[A-Za-z0-9._-]+(?:\[[^\]]*\])?==", re.MULTILINE)
FILE = re.compile(r"\s*Downloading (?:\S*/)?([A-Za-z0-9_.]+-[0-9][^-\s]*)\S* \(([\d.]+) MB\)")
PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
LARGE = 20.0  # MB: smaller files are downloaded in no time
LOG_SECONDS = 30.0  # between two lines on a file, where no terminal shows how far it is


def main() -> None:
    locks = sys.argv[1:]
    count = len({pin for lock in locks for pin in PIN.findall(Path(lock).read_text(encoding="utf-8"))})
    print(f"{count} packages of {', '.join(locks)}: {SIZE}", flush=True)
    sys.exit(run_pip([sys.executable, "-m", "pip"], locks))


def run_pip(pip: list[str], locks: list[str]) -> int:
    """Let `pip` install the lock files, and tell; its errors and warnings are shown as they are.

    Returns:
        The exit status of pip.
    """
    files = [word for lock in locks for word in ("--requirement", lock)]
    command = [*pip, "install", "--require-hashes", "--progress-bar", "raw", *files]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for text in tell(process.stdout or (), sys.stdout.isatty()):
            print(text, end="", flush=True)
    return process.returncode


def tell(lines: Iterable[str], is_terminal: bool) -> Iterator[str]:
    """What is said of pip's output, line by line.

    Args:
        lines: as `pip install --progress-bar raw` prints them.
        is_terminal: may one line be written over by the next?
    """
    started = shown = begun = time.monotonic()
    name = ""
    for line in lines:
        now = time.monotonic()
        if found := FILE.match(line):
            name = found[1] if float(found[2]) >= LARGE else ""
            shown = begun = now
            if name:
                yield f"  downloading {name} ({float(found[2]):.0f} MB)\n"
        elif name and (progress := PROGRESS.match(line)):
            done, total = int(progress[1]), int(progress[2])
            if is_terminal:
                yield f"\r  {describe(done, total, now - begun):58}" if done < total else f"\r{' ' * 60}\r"
            elif now - shown >= LOG_SECONDS:
                shown = now
                yield f"  {describe(done, total, now - begun)}\n"
        elif line.startswith("Installing collected packages"):
            yield f"  all is there after {now - started:.0f} s; installing\n"
        elif line.startswith("Successfully installed"):
            yield f"  installed after {now - started:.0f} s\n"


def describe(done: int, total: int, seconds: float) -> str:
    """How far a download is: so many bytes of all, in so many seconds."""
    left = seconds * (total - done) / done if done else 0.0
    return f"{done / 1e6:.0f} of {total / 1e6:.0f} MB, {left:.0f} s left"


if __name__ == "__main__":
    main()
