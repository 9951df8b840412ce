import os

import pytest

from stacker.artifacts.outputs import remove_strays, replaced_directory, replaced_file


def test_replaced_directory_takes_the_old_ones_place_when_all_went_well(tmp_path):
    target = tmp_path / "out" / "arrays"
    target.mkdir(parents=True)
    (target / "old").touch()

    with replaced_directory(target) as folder:
        (folder / "new").touch()
        assert (target / "old").exists()

    assert [path.name for path in target.iterdir()] == ["new"]
    assert [path.name for path in target.parent.iterdir()] == ["arrays"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_replaced_directory_leaves_the_old_one_when_the_block_fails(tmp_path, error):
    target = tmp_path / "arrays"
    target.mkdir()
    (target / "old").touch()

    with pytest.raises(error), replaced_directory(target) as folder:  # noqa: PT012 - what the block does is the test
        (folder / "new").touch()
        raise error

    assert [path.name for path in target.iterdir()] == ["old"]
    assert [path.name for path in tmp_path.iterdir()] == ["arrays"]


def test_replaced_directory_drops_what_a_killed_run_left(tmp_path):
    (tmp_path / ".arrays.partial").mkdir()
    (tmp_path / ".arrays.partial" / "half").touch()

    with replaced_directory(tmp_path / "arrays") as folder:
        (folder / "new").touch()

    assert [path.name for path in (tmp_path / "arrays").iterdir()] == ["new"]


def test_replaced_file_leaves_the_old_one_when_the_block_fails(tmp_path):
    target = tmp_path / "metrics.json"
    target.write_text("old")

    with pytest.raises(ValueError, match="no"), replaced_file(target) as partial:  # noqa: PT012 - likewise
        partial.write_text("half")
        raise ValueError("no")

    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["metrics.json"]


def test_replaced_file_keeps_the_suffix_that_keras_looks_at(tmp_path):
    with replaced_file(tmp_path / "model.h5") as partial:
        assert partial.suffix == ".h5"
        partial.touch()


def test_replaced_file_leaves_dvcs_cache_alone_when_the_old_file_is_a_read_only_link_into_it(tmp_path):
    cached = tmp_path / "cached"
    cached.write_text("old")
    cached.chmod(0o444)
    target = tmp_path / "workspace" / "model.h5"
    target.parent.mkdir()
    os.link(cached, target)

    with replaced_file(target) as partial:
        partial.write_text("new")

    assert (target.read_text(), cached.read_text()) == ("new", "old")


def test_remove_strays_deletes_files_and_folders_that_are_not_expected(tmp_path):
    for name in ("keep.h5", "stray.h5"):
        (tmp_path / name).touch()
    (tmp_path / "folder" / "inner").mkdir(parents=True)

    assert remove_strays(tmp_path, {"keep.h5", "other.h5"}) == ["folder", "stray.h5"]
    assert [path.name for path in tmp_path.iterdir()] == ["keep.h5"]


def test_remove_strays_has_nothing_to_do_where_there_is_no_folder(tmp_path):
    assert remove_strays(tmp_path / "missing", {"keep.h5"}) == []
