"""A temporary clone of the working tree, in which tests run the real `dvc` and `git`."""

import contextlib
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import yaml

ROOT = Path(__file__).parents[2]
STUB = Path(__file__).with_name("stub_stage.py")
RESULTS = ("metrics", "plots")  # what the default run wrote is in Git; a test starts without it
Params = dict[str, Any]


class Repro(NamedTuple):
    """What a `dvc repro` did: the stages that ran, those that the run-cache gave, and all that it printed."""

    ran: set[str]
    restored: set[str]
    output: str


class Plan(NamedTuple):
    """What `stacker plan` said of each stage that it names: what becomes of it, and why; and all that it printed."""

    outcomes: dict[str, str]
    lines: dict[str, list[str]]
    output: str

    @property
    def waiting(self) -> set[str]:
        """The stages that depend on a result."""
        return {stage for stage, lines in self.lines.items() if "depends on the result" in lines[-1]}


class Clone:
    """A Git and DVC repository with a cache of its own, out of reach of other tests and of the user's settings.

    Next to it lies a folder `bin` that comes first on the path of what runs in it.
    """

    def __init__(self, path: Path):
        self.path = path
        bin_folder = path.parent / "bin"
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(bin_folder), str(Path(sys.executable).parent), os.environ["PATH"]]),
            "DVC_GLOBAL_CONFIG_DIR": str(path.parent / "no_global_config"),
            "DVC_SYSTEM_CONFIG_DIR": str(path.parent / "no_system_config"),
            "DVC_SITE_CACHE_DIR": str(path.parent / "site_cache"),
            "DVC_NO_ANALYTICS": "1",
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            **{f"GIT_{role}_{what}": "e2e" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }

    def run(self, *command: str, fails: bool = False) -> str:
        """Run a command and return all that it printed; a wrong exit status fails the test with that text."""
        finished = subprocess.run(
            command, cwd=self.path, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        if (finished.returncode != 0) is not fails:
            raise AssertionError(f"`{' '.join(command)}` ended with {finished.returncode}:\n{finished.stdout}")
        return finished.stdout

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments)

    def dvc(self, *arguments: str, fails: bool = False) -> str:
        return self.run("dvc", *arguments, fails=fails)

    def show(self, columns: int, *command: str) -> str:
        """What a command shows in a terminal of so many columns, without colours."""
        lead, terminal = pty.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        environment = {key: value for key, value in self.environment.items() if key not in ("COLUMNS", "LINES")}
        with subprocess.Popen(command, cwd=self.path, env=environment, stdin=terminal, stdout=terminal) as process:
            os.close(terminal)
            chunks = []
            with contextlib.suppress(OSError), os.fdopen(lead, "rb", buffering=0) as stream:  # the end of a terminal
                while chunk := stream.read(4096):
                    chunks.append(chunk)
        assert process.returncode == 0
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", b"".join(chunks).decode()).replace("\r\n", "\n")

    def repro(self, *options: str, fails: bool = False) -> Repro:
        return read_repro(self.dvc("repro", *options, fails=fails))

    def plan(self) -> Plan:
        return read_plan(self.run("python", "-m", "stacker", "plan"))

    def stages(self) -> set[str]:
        return set(self.dvc("stage", "list", "--name-only").split())

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def list_files(self) -> set[str]:
        """All files that stages wrote, by path from the project's root."""
        folders = ("data", "models", "metrics", "plots")
        files = [path for folder in folders for path in (self.path / folder).rglob("*") if path.is_file()]
        return {path.relative_to(self.path).as_posix() for path in files}

    def read_params(self) -> Params:
        return yaml.safe_load((self.path / "params.yaml").read_text(encoding="utf-8"))

    def write_params(self, params: Params) -> None:
        (self.path / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")

    def edit_params(self, edit: Callable[[Params], None]) -> None:
        params = self.read_params()
        edit(params)
        self.write_params(params)


def set_param(where: str, value: object) -> Callable[[Clone], None]:
    """Set the parameter at a dotted path."""

    def apply(params: Params) -> None:
        *path, last = where.split(".")
        for key in path:
            params = params.setdefault(key, {})
        params[last] = value

    return lambda project: project.edit_params(apply)


def read_repro(output: str) -> Repro:
    """Read what ran from the output of `dvc repro`."""
    ran = set(re.findall(r"Running stage '([^']+)'", output))
    restored = set(re.findall(r"Stage '([^']+)' is cached - skipping run", output))
    return Repro(ran, restored, output)


def read_plan(output: str) -> Plan:
    """Read the output of `stacker plan`."""
    blocks = re.findall(r"^([\w@./]+): ([a-z -]+)[^\n]*\n((?: +[^\n]*\n)*)", output, flags=re.MULTILINE)
    return Plan(
        {stage: outcome for stage, outcome, _ in blocks},
        {stage: lines.splitlines() for stage, _, lines in blocks},
        output,
    )


def clone_working_tree(path: Path) -> Clone:
    """Copy the working tree as it is, uncommitted work included, without results, and commit it."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and name != "dvc.lock" and not name.startswith(RESULTS):
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, path / name)
    clone = Clone(path)
    clone.git("init", "--quiet", "--initial-branch", "main")
    clone.commit("the working tree")
    return clone


def stand_in_for_stages(clone: Clone) -> None:
    """Have all stages but `check` stood in for: `python -m stages.<name>` then runs `stub_stage.py`."""
    shim = clone.path.parent / "bin/python"
    shim.parent.mkdir()
    shim.write_text(
        f"""#!/bin/sh
case "$1 $2" in
"-m stages.check") exec "{sys.executable}" "$@" ;;
"-m stages."*) PYTHONPATH="$PWD" exec "{sys.executable}" "{STUB}" "$@" ;;
esac
exec "{sys.executable}" "$@"
""",
        encoding="utf-8",
    )
    shim.chmod(0o755)


def clone_again(source: Clone, path: Path, revision: str) -> Clone:
    """Clone `source` as a colleague would who shares its DVC cache."""
    source.git("clone", "--quiet", "--branch", revision, str(source.path), str(path))
    clone = Clone(path)
    clone.dvc("cache", "dir", "--local", str(source.path / ".dvc/cache"))
    return clone


def draw_photos(folder: Path, classes: Iterable[str], count: int, seed: int = 0) -> None:
    """Write noisy pictures, in a folder a class; no two are alike unless drawn with the same seed."""
    for number, name in enumerate(classes):
        generator = np.random.default_rng([seed, number])
        (folder / name).mkdir(parents=True)
        for index in range(count):
            draw_photo(folder / name / f"{index:03d}.png", number, generator)


def draw_photo(path: Path, number: int, generator: np.random.Generator, side: int = 40) -> None:
    """Write one noisy picture: each class, by number, is brightest in a corner and a colour of its own."""
    pixels = generator.integers(0, 120, (side, side, 3))
    row, column = side // 2 * (number // 2 % 2), side // 2 * (number % 2)
    pixels[row : row + side // 2, column : column + side // 2, number % 3] += 120
    cv2.imwrite(str(path), pixels.astype(np.uint8))


def shrink(params: Params, image_size: int) -> Params:
    """A profile's settings, the costly ones reduced, of members and shared blocks alike."""
    small = _reduce(params, {"weights": None, "epochs": 1, "image_size": image_size, "precision": "float32"})
    small["stacking"]["folds"] = 2
    return small


def _reduce(settings: Params, reduced: Params) -> Params:
    return {
        key: _reduce(value, reduced)
        if isinstance(value, dict)
        else reduced[key]
        if key in reduced and value is not None
        else value
        for key, value in settings.items()
    }


def list_files_of(member: str) -> list[str]:
    """What the stages write for a member."""
    return [
        f"models/members/{member}.h5",
        f"data/predictions/members/{member}.npz",
        f"data/features/{member}",
        f"plots/curves/{member}.csv",
        f"metrics/{member}.json",
        f"metrics/details/{member}.json",
    ]


def make_stub_params(photos: str) -> Params:
    """Settings for stages that a stub stands in for: two members and an ensemble."""
    return {
        "backend": "tensorflow",
        "fetch": {},
        "data": {"images": photos},
        "backbone": {},
        "training": {},
        "members": {"a": {"backbone": "MobileNet"}, "b": {"backbone": "MobileNetV2"}},
        "stacking": {},
        "meta_models": {"ensemble": {}},
        "ensemble_check": {},
        "inference": {},
        "cross_validation": {},
    }
