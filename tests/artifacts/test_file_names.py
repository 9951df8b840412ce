import os

import pytest

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.file_names import is_utf8, refuse_odd_names, show_name


@pytest.mark.parametrize("name", ["photo.jpg", "Grüße 📷.jpg", "a\nb\tc", "\u200f"])
def test_what_can_be_written_down_is_utf8(name):
    assert is_utf8(name)
    assert show_name(name) == name


def test_what_cannot_is_shown_byte_by_byte():
    name = os.fsdecode(b"caf\xe9\xff.jpg")

    assert not is_utf8(name)
    assert show_name(name) == r"caf\udce9\udcff.jpg"


def test_files_and_folders_at_any_depth_are_found(tmp_path):
    deep = tmp_path / "cat" / os.fsdecode(b"\xe4")
    deep.mkdir(parents=True)
    (deep / "fine.jpg").touch()
    (tmp_path / "cat" / os.fsdecode(b"\xf6.jpg")).touch()

    with pytest.raises(PipelineError, match=r"(?s)^2 file name.*cat/\\udce4\n.*cat/\\udcf6\.jpg$"):
        refuse_odd_names(tmp_path)


def test_nothing_is_said_of_others(tmp_path):
    (tmp_path / "ä.jpg").touch()

    refuse_odd_names(tmp_path)
    refuse_odd_names(tmp_path / "not there")
