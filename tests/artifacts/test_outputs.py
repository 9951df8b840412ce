import os
import subprocess
import sys
from pathlib import Path

import pytest

from stacker.artifacts.outputs import PARTIAL, replaced_directory, replaced_file

ROOT = Path(__file__).parents[2]


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


def list_names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def make_old(target: Path) -> Path:
    target.mkdir(parents=True)
    (target / "old").write_text("old")
    return target


@pytest.mark.parametrize("replaced", [replaced_directory, replaced_file])
def test_what_a_killed_run_left_unfinished_goes_before_the_new_one_is_written(tmp_path, replaced):
    (tmp_path / f"{PARTIAL}output-abcd_123" / "new").mkdir(parents=True)

    with replaced(tmp_path / "output") as path:
        path.touch()
        assert list_names(tmp_path) == [path.parent.name]

    assert list_names(tmp_path) == ["output"]


def test_an_old_directory_that_a_killed_run_had_moved_aside_stays_until_a_new_one_is_whole(tmp_path):
    aside = make_old(tmp_path / f"{PARTIAL}arrays-abcd_123" / "old")

    with pytest.raises(ValueError, match="no"), replaced_directory(tmp_path / "arrays"):
        raise ValueError("no")
    assert list_names(aside) == ["old"]

    with replaced_directory(tmp_path / "arrays") as folder:
        assert list_names(aside) == ["old"]
        (folder / "new").touch()
    assert list_names(tmp_path) == ["arrays"]


@pytest.mark.parametrize("replaced", [replaced_directory, replaced_file])
def test_two_at_once_do_not_share_a_partial_name(tmp_path, replaced):
    with replaced(tmp_path / "output") as first, replaced(tmp_path / "output") as second:
        assert first.parent != second.parent
        for number, path in enumerate((first, second)):
            (path / "inner" if replaced is replaced_directory else path).write_text(str(number))

    # the first to begin is the last to end
    output = tmp_path / "output"
    assert (output / "inner" if replaced is replaced_directory else output).read_text() == "0"
    assert list_names(tmp_path) == ["output"]


@pytest.mark.parametrize("replaced", [replaced_directory, replaced_file])
def test_a_partial_output_bears_the_prefix_that_git_and_dvc_are_told_to_ignore(tmp_path, replaced):
    with replaced(tmp_path / "output") as path:
        (partial,) = list_names(tmp_path)
        path.touch()

    assert partial.startswith(PARTIAL)
    for name in (".dvcignore", ".gitignore"):
        assert f"{PARTIAL}*" in (ROOT / name).read_text(encoding="utf-8").splitlines()


def test_old_and_new_survive_where_the_new_one_cannot_take_the_place(tmp_path, monkeypatch):
    target = make_old(tmp_path / "arrays")
    rename = Path.rename

    def fail_on_new(path: Path, place: Path) -> Path:
        if path.name == "new":
            assert not target.exists()  # between the two renames
            raise OSError("the disk is gone")
        return rename(path, place)

    monkeypatch.setattr(Path, "rename", fail_on_new)

    with pytest.raises(OSError, match="the disk is gone"), replaced_directory(target) as folder:
        (folder / "inner").touch()

    assert list_names(target) == ["old"]
    assert (target / "old").read_text() == "old"


def test_a_run_that_is_killed_between_the_two_renames_leaves_both_whole(tmp_path):
    target = make_old(tmp_path / "arrays")
    code = (
        "import os, pathlib\n"
        "from stacker.artifacts.outputs import replaced_directory\n"
        "rename = pathlib.Path.rename\n"
        "pathlib.Path.rename = lambda path, place: os._exit(9) if path.name == 'new' else rename(path, place)\n"
        "with replaced_directory(pathlib.Path('arrays')) as folder:\n"
        "    (folder / 'inner').write_text('new')\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}

    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=False)

    assert done.returncode == 9
    (scratch,) = tmp_path.glob(f"{PARTIAL}arrays-*")
    assert (scratch / "old" / "old").read_text() == "old"
    assert (scratch / "new" / "inner").read_text() == "new"
    assert not target.exists()


def test_the_new_one_is_whole_in_its_place_where_the_old_one_resists_midway(tmp_path, monkeypatch):
    target = make_old(tmp_path / "arrays")
    for number in range(3):
        (target / f"file_{number}").touch()
    unlink, unlinked = os.unlink, []

    def resist(path, *arguments, **options):
        if unlinked:
            raise PermissionError("no")
        unlinked.append(path)
        return unlink(path, *arguments, **options)

    monkeypatch.setattr(os, "unlink", resist)

    with replaced_directory(target) as folder:
        (folder / "inner").touch()

    assert len(unlinked) == 1
    assert list_names(target) == ["inner"]
    (left,) = [path for path in tmp_path.iterdir() if path != target]
    assert left.name.startswith(PARTIAL)  # a name that nothing reads
    assert len(list_names(left / "old")) == 3


@pytest.mark.parametrize("kind", ["to a folder", "dangling"])
def test_a_link_is_replaced_and_what_it_points_to_stays(tmp_path, kind):
    elsewhere = tmp_path / "elsewhere"
    if kind == "to a folder":
        make_old(elsewhere)
    target = tmp_path / "outputs" / "arrays"
    target.parent.mkdir()
    target.symlink_to(elsewhere)

    with replaced_directory(target) as folder:
        (folder / "inner").touch()

    assert not target.is_symlink()
    assert list_names(target) == ["inner"]
    assert list_names(target.parent) == ["arrays"]
    assert not elsewhere.exists() if kind == "dangling" else list_names(elsewhere) == ["old"]


def test_a_link_stays_where_the_block_fails(tmp_path):
    target = tmp_path / "arrays"
    target.symlink_to(make_old(tmp_path / "elsewhere"))

    with pytest.raises(ValueError, match="no"), replaced_directory(target):
        raise ValueError("no")

    assert target.is_symlink()
    assert list_names(target) == ["old"]


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
