import errno
import os
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from stacker.artifacts.disk_room import require_room, reserve, show_length, told_of_room
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.outputs import replaced_directory, replaced_file


@pytest.fixture
def free(monkeypatch):
    """The disk has 3,000 bytes free."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=3000))


def test_room_is_asked_for_before_anything_is_written(tmp_path, free):
    for replaced in (replaced_file, replaced_directory):
        with replaced(tmp_path / "out", 3000) as path:
            path.touch()
        (tmp_path / "out").unlink() if replaced is replaced_file else (tmp_path / "out").rmdir()
        with pytest.raises(PipelineError) as error, replaced(tmp_path / "out", 3001):
            raise AssertionError("the block began")
        assert str(error.value) == (
            f"{tmp_path}/out cannot be written: it needs 3 kB, and the disk has 3 kB free: make room, then run it "
            "again: `dvc repro` goes on with this stage"
        )
        assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_there_yet_has_the_room_of_its_disk(tmp_path, free):
    with pytest.raises(PipelineError, match="needs 9 kB"), replaced_file(tmp_path / "new" / "out", 9000):
        raise AssertionError("the block began")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "No space left on device"),
        (errno.EDQUOT, "Disk quota exceeded"),
        (errno.EFBIG, "File too large"),
    ],
)
def test_where_the_room_ends_midway_the_file_is_named_and_the_old_one_stays(tmp_path, free, number, said):
    path = tmp_path / "out.npy"
    path.write_text("old")
    with pytest.raises(PipelineError) as error, replaced_file(path, 2000) as partial:  # noqa: PT012 - the block is the test
        partial.write_text("half")
        raise OSError(number, os.strerror(number))
    assert str(error.value).startswith(
        f"{path} cannot be written ({said}): it needs 2 kB, and the disk has 3 kB free: make room"
    )
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_need_that_nobody_knows_is_more_than_what_is_free(tmp_path, free):
    said = r"\(No space left on device\): it needs more than the 3 kB free there: "
    with pytest.raises(PipelineError, match=said), told_of_room(tmp_path / "out"):
        raise OSError("Not enough free space to write 80000000 bytes after offset 128")  # as NumPy says it


def test_another_error_is_not_taken_for_lack_of_room(tmp_path, free):
    with pytest.raises(PermissionError), told_of_room(tmp_path / "out"):
        raise PermissionError(errno.EACCES, "free space")


def test_the_file_that_is_named_is_the_one_to_come_not_the_one_beside(tmp_path, free):
    with (
        pytest.raises(PipelineError, match=f"^{tmp_path}/out.h5 cannot be written"),
        replaced_file(tmp_path / "out.h5") as outer,
        replaced_file(outer, 5000),
    ):
        raise AssertionError("the block began")


def test_a_memory_map_has_its_room_reserved(tmp_path):
    path = tmp_path / "map.npy"
    np.lib.format.open_memmap(path, "w+", np.uint8, (100_000,))
    assert path.stat().st_blocks * 512 < 50_000
    reserve(path)
    assert path.stat().st_blocks * 512 >= 100_000
    with (tmp_path / "open").open("wb") as stream:
        stream.truncate(100_000)
        reserve(stream.fileno())
        assert not stream.closed
        stream.write(b"x")
    assert (tmp_path / "open").stat().st_blocks * 512 >= 100_000


def test_room_that_is_just_enough_is_enough(tmp_path, free):
    require_room(tmp_path / "out", 3000)


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 bytes"), (999, "999 bytes"), (12_345_678, "12.3 MB"), (2.5e15, "2,500.0 TB")]
)
def test_lengths_have_a_unit_that_fits(count, text):
    assert show_length(count) == text
