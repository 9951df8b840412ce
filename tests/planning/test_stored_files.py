import hashlib
import os
from pathlib import Path

import pytest

from stacker.planning.stored_files import find_damaged, remove_damaged

CONTENTS = (b"first", b"second", b'[{"md5": "third"}]')


@pytest.fixture
def objects(workspace) -> list[Path]:
    """Three objects of a cache, the last of them a folder's list; and what is none."""
    paths = []
    for content in CONTENTS:
        digits = hashlib.md5(content, usedforsecurity=False).hexdigest()
        name = digits[2:] + (".dir" if content.startswith(b"[") else "")
        paths.append(Path("cache/files/md5") / digits[:2] / name)
        paths[-1].parent.mkdir(parents=True)
        paths[-1].write_bytes(content)
    paths[0].with_name("a.tmp").write_bytes(b"of DVC's own")
    return paths


def test_a_whole_cache_and_none_at_all_have_no_damage(objects):
    assert find_damaged(Path("cache")) == []
    assert find_damaged(Path("elsewhere")) == []


@pytest.mark.parametrize("number", range(3))
def test_an_object_whose_content_is_not_what_its_name_says_is_found(objects, number):
    objects[number].write_bytes(CONTENTS[number][::-1])

    assert find_damaged(Path("cache")) == [objects[number]]


def test_with_an_object_go_the_outputs_that_are_the_same_file_and_no_others(objects):
    same, copy = Path("models/members/same.h5"), Path("models/copy.h5")
    same.parent.mkdir(parents=True)
    os.link(objects[1], same)
    copy.write_bytes(objects[1].read_bytes())
    Path("same.txt").hardlink_to(objects[1])  # no output

    assert remove_damaged([objects[1]]) == [same]
    assert not same.exists()
    assert not objects[1].exists()
    assert copy.exists()
    assert Path("same.txt").exists()
    assert objects[0].exists()
