import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stacker.artifacts.scratch import remove_abandoned, scratch_folder

ROOT = Path(__file__).parents[2]
HOLD = """
import sys, time
from pathlib import Path
from stacker.artifacts.scratch import scratch_folder
with scratch_folder(Path.cwd(), "making-") as folder:
    (folder / "half").touch()
    print(folder, flush=True)
    time.sleep(60)
"""


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def other(tmp_path):
    """Another process that holds a folder in `tmp_path`, and that folder."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, stdout=subprocess.PIPE) as process:
        yield process, Path(process.stdout.readline().strip())
        process.kill()


def test_a_folder_of_a_living_process_stays_and_that_of_a_killed_one_goes(tmp_path, other):
    process, folder = other
    remove_abandoned(tmp_path, "making-")
    assert list_names(folder) == ["half"]

    process.send_signal(signal.SIGKILL)
    process.wait()
    remove_abandoned(tmp_path, "making-", keeping="half")
    assert list_names(folder) == ["half"]
    remove_abandoned(tmp_path, "making-", keeping="whole")
    assert not folder.exists()


def test_only_folders_that_bear_the_prefix_and_were_made_here_are_removed(tmp_path):
    for name in ("making-abcd_123", "making-b-abcd_123", "making-abc", "other-abcd_123", "making-[a]-abcd_123"):
        (tmp_path / name).mkdir()

    remove_abandoned(tmp_path, "making-")
    assert list_names(tmp_path) == ["making-[a]-abcd_123", "making-abc", "making-b-abcd_123", "other-abcd_123"]
    remove_abandoned(tmp_path, "making-[a]-")
    assert list_names(tmp_path) == ["making-abc", "making-b-abcd_123", "other-abcd_123"]


def test_a_folder_goes_with_the_block_and_lets_its_lock_go(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(KeyboardInterrupt), scratch_folder(tmp_path, "making-") as folder:  # noqa: PT012 - the block is the test
        (folder / "half").touch()
        raise KeyboardInterrupt
    assert list_names(tmp_path) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_folder_that_was_taken_for_abandoned_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    lock, made = fcntl.flock, []

    def be_late(descriptor: int, how: int) -> None:
        made.append(next(tmp_path.iterdir()))
        if len(made) == 1:
            made[0].rmdir()
        lock(descriptor, how)

    monkeypatch.setattr(fcntl, "flock", be_late)
    with scratch_folder(tmp_path, "making-") as folder:
        assert folder.exists()
        assert [folder] == made[1:] != made[:1]


def test_without_locks_a_folder_is_made_all_the_same_and_none_is_removed(tmp_path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError("no locks here")

    monkeypatch.setattr(fcntl, "flock", fail)
    (tmp_path / "making-abcd_123").mkdir()
    with scratch_folder(tmp_path, "making-") as folder:
        assert folder.is_dir()
        remove_abandoned(tmp_path, "making-")
        assert len(list_names(tmp_path)) == 2
    assert list_names(tmp_path) == ["making-abcd_123"]
