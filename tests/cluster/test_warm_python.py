"""A Python that splits off the stages: each must end up as a fresh `python -m` would."""

import contextlib
import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers import small_settings, write_params

from stacker.cluster import warm_client
from stacker.cluster.share import Share
from stacker.cluster.warm_python import warm_python
from stacker.cluster.warm_server import PEAK
from stacker.settings.whole import load_settings

TOP = Path(__file__).parents[2]
STAGE = """
import json, os, sys, threading, decimal
print(json.dumps({"argv": sys.argv[1:], "folder": os.getcwd(), "name": __name__, "path": sys.path[0],
                  "word": os.environ.get("WORD"), "old": os.environ.get("OLD"), "file": __file__,
                  "session": os.getsid(0) == os.getpid(), "typed": sys.stdin.read(), "ours": os.environ["PATH"]}))
sys.stdout.flush()
print("to the other stream", file=sys.stderr)
word = sys.argv[1]
if word == "exit":
    sys.exit(int(sys.argv[2]))
if word == "die":
    os.kill(os.getpid(), int(sys.argv[2]))
if word == "raise":
    raise ValueError("no luck")
if word == "sleep":
    os.system("sleep 60")
"""


@pytest.fixture(scope="module")
def warm(tmp_path_factory) -> Iterator[Path]:
    """The folder of a server that has imported `decimal` alone; `python` in it takes its place."""
    folder = tmp_path_factory.mktemp("warm")
    command = [sys.executable, "-m", "stacker.cluster.warm_server", str(folder / "socket"), "decimal"]
    server = subprocess.Popen(
        command, stdin=subprocess.PIPE, cwd=TOP, env={**os.environ, "OLD": "1"}, start_new_session=True
    )
    script = folder / "python"
    words = [sys.executable, "-IS", warm_client.__file__, str(folder / "socket"), sys.executable]
    script.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    script.chmod(0o700)
    wait_until((folder / "socket").exists)
    yield folder
    server.stdin.close()
    assert server.wait(10) == -signal.SIGKILL


@pytest.fixture
def clone(tmp_path) -> Path:
    (tmp_path / "stages").mkdir()
    (tmp_path / "stages/__init__.py").write_text("import sys\nassert sys.argv[0] == '-m'\n")
    (tmp_path / "stages/look.py").write_text(STAGE)
    (tmp_path / "stacker").mkdir()
    (tmp_path / "stacker/__init__.py").write_text("print('the code of this clone')\n")
    return tmp_path


def start(warm: Path, clone: Path, *arguments: str, **more) -> subprocess.Popen:
    environment = {name: value for name, value in os.environ.items() if name != "OLD"} | {"WORD": "new"}
    return subprocess.Popen(
        [warm / "python", *arguments],
        cwd=clone,
        env={**environment, **more},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_until(is_so: Callable[[], bool], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def find_children(warm: Path) -> list[str]:
    """The processes that were split off, and what they started, by their folder."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if str(warm) in (folder / "cwd").readlink().as_posix():
                found.append((folder / "cmdline").read_text())
    return [line for line in found if line]


def test_it_is_as_if_it_had_been_started_here(warm, clone):
    process = start(warm, clone, "-m", "stages.look", "exit", "3", **{PEAK: str(clone / "peak")})
    output, errors = process.communicate("a line")
    said = json.loads(output)
    assert (said["argv"], said["folder"], said["path"]) == (["exit", "3"], str(clone), str(clone))
    assert (said["word"], said["old"], said["typed"]) == ("new", None, "a line")
    assert (said["name"], said["file"]) == ("__main__", str(clone / "stages/look.py"))
    assert said["session"]
    assert errors == "to the other stream\n"
    assert process.returncode == 3
    assert 2**20 < int((clone / "peak").read_text()) < 2**31


@pytest.mark.parametrize(("words", "code"), [("exit 0", 0), ("raise", 1), ("die 9", -9), ("die 15", -15)])
def test_it_ends_as_what_was_begun_ends(warm, clone, words, code):
    process = start(warm, clone, "-m", "stages.look", *words.split())
    _, errors = process.communicate("")
    assert process.returncode == code
    assert ("ValueError: no luck" in errors) == (words == "raise")


def test_the_projects_code_is_the_clones(warm, clone):
    (clone / "stages/other.py").write_text("import stacker")
    output, _ = start(warm, clone, "-m", "stages.other").communicate("")
    assert output == "the code of this clone\n"


def test_what_it_cannot_hand_over_the_real_python_does(warm, clone):
    output, _ = start(warm, clone, "-c", "import sys; print(sys.executable, 'decimal' in sys.modules)").communicate()
    assert output == f"{sys.executable} False\n"
    (clone / "other.py").write_text("import sys; print('decimal' in sys.modules)")
    assert start(warm, clone, "-m", "other").communicate()[0] == "False\n"
    lonely = clone / "python"
    lonely.write_text((warm / "python").read_text().replace(str(warm), str(clone)))  # where nobody listens
    lonely.chmod(0o700)
    process = start(clone, clone, "-m", "stages.look", "exit", "4")
    process.communicate("")
    assert process.returncode == 4


def test_when_the_client_is_killed_all_that_was_begun_for_it_ends(warm, clone):
    process = start(warm, clone, "-m", "stages.look", "sleep")
    process.stdin.close()
    process.stdin = None
    wait_until(lambda: any("sleep\x0060" in line for line in find_children(clone)))
    other = start(warm, clone, "-m", "stages.look", "exit", "5")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=20)  # nobody holds its streams any more
    assert not any("sleep" in line for line in find_children(clone))
    other.communicate("")
    assert other.returncode == 5


@pytest.mark.parametrize(
    ("backend", "shares", "path"),
    [
        ("jax", [Share(None, 0)], ""),
        ("tensorflow", [Share(None, 0), Share(2, 0)], ""),
        ("tensorflow", [Share(None, 0.5)], ""),
        ("tensorflow", [Share(None, 0)], "other"),
    ],
)
def test_where_it_might_compute_otherwise_no_python_waits(workspace, monkeypatch, backend, shares, path):
    write_params({**small_settings(), "backend": backend})
    if path:
        (workspace / path).mkdir()
        (workspace / path / "python").write_text("#!/bin/sh\n")
        (workspace / path / "python").chmod(0o700)
        monkeypatch.setenv("PATH", str(workspace / path), prepend=os.pathsep)
    with warm_python(load_settings(), shares, workspace / "folder") as stand_in:
        assert stand_in is None
