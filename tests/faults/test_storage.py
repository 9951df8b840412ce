"""What lies on the disk is no longer what DVC put there; then `dvc repro`, or first what docs/reliability.md says."""

import hashlib
import os
import re
import shutil
from pathlib import Path

import pytest
from e2e.clone import Clone

from .ledger import note
from .project import PHOTOS, clone_stubbed_project, forget
from .state import Reference, find_differences, run_undisturbed

pytestmark = pytest.mark.thorough

STOOD_IN = {"model": "models/members/a.h5", "features": "data/features/a/train.npy", "photo": f"{PHOTOS}/left/0.png"}
REAL = {
    "model": "models/members/kept.h5",
    "features": "data/features/kept/train.npy",
    "photo": f"{PHOTOS}/cats/000.png",
}
LOCK = "dvc.lock"
YEARS = {"the past": 1985, "the future": 2040}


class Project:
    """A project that has run, and what it then held."""

    def __init__(self, clone: Clone, reference: Reference, files: dict[str, str]):
        self.clone, self.reference, self.files = clone, reference, files
        self.lock = self.read(LOCK)

    def path(self, name: str) -> Path:
        return self.clone.path / self.files.get(name, name)

    def read(self, name: str) -> str:
        return self.path(name).read_text(encoding="utf-8")

    def find_object(self, name: str) -> Path:
        """The object of DVC's cache that is an output's content."""
        digits = hashlib.md5(self.path(name).read_bytes(), usedforsecurity=False).hexdigest()
        return self.clone.path / ".dvc/cache/files/md5" / digits[:2] / digits[2:]

    def judge(self, fault: str, where: str) -> None:
        """Is all as before? Else the next test begins from nothing."""
        differences = [line for line in find_differences(self.clone, self.reference) if not is_index(line)]
        note(fault, where, not differences)
        if differences:
            forget(self.clone)
            self.clone.repro()
        assert differences == []


def is_index(difference: str) -> bool:
    """DVC's index of what lies where, which some commands write."""
    return "site_cache/" in difference and "/index/" in difference


@pytest.fixture(scope="module")
def stubbed(tmp_path_factory) -> tuple[Clone, Reference]:
    clone = clone_stubbed_project(tmp_path_factory.mktemp("storage"))
    reference = run_undisturbed(clone)
    clone.commit("has run")
    return clone, reference


@pytest.fixture(params=["stood in for", pytest.param("real", marks=pytest.mark.faults)])
def project(request) -> Project:
    """A project that has run."""
    is_real = request.param == "real"
    return Project(*request.getfixturevalue("small" if is_real else "stubbed"), REAL if is_real else STOOD_IN)


def flip_bit(path: Path, is_dated: bool) -> None:
    """Flip a bit in the middle of a file: as software does, at a new time, or as a disk does."""
    state, content = path.stat(), bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    with path.open("r+b") as stream:  # in its place: an output may be the same file
        stream.write(content)
    path.chmod(state.st_mode)
    if not is_dated:
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))


@pytest.mark.parametrize(
    ("name", "is_dated"),
    [
        ("model", False),
        pytest.param("model", True, marks=pytest.mark.faults),
        pytest.param("features", False, marks=pytest.mark.faults),
    ],
    ids=["model, by the disk", "model, by software", "features, by the disk"],
)
def test_a_bit_that_flips_in_the_cache_is_found_and_made_good(project, name, is_dated):
    damaged = project.find_object(name)
    is_linked = damaged.stat().st_ino == project.path(name).stat().st_ino
    flip_bit(damaged, is_dated)

    said = project.clone.run("python", "-m", "stacker", "verify", fails=True)
    assert "1 file of DVC's cache changed after it was stored: run `stacker verify --remove`" in said
    assert str(damaged) in said
    said = project.clone.run("python", "-m", "stacker", "verify", "--remove")
    assert (f"removed {project.files[name]}, which was the same file" in said) is is_linked
    assert not damaged.exists()
    project.clone.repro()
    assert project.clone.run("python", "-m", "stacker", "verify") == "All that DVC's cache holds is as it was stored.\n"
    project.judge("bit flipped in DVC's cache", name)


@pytest.mark.faults
def test_a_cache_that_was_deleted_is_made_again(project):
    shutil.rmtree(project.clone.path / ".dvc/cache")
    project.clone.repro()
    project.judge("DVC's cache deleted", "all of it")


@pytest.mark.parametrize("name", ["model", pytest.param("features", marks=pytest.mark.faults)])
def test_an_output_that_was_replaced_comes_back(project, name):
    project.path(name).unlink()
    project.path(name).write_text("by hand", encoding="utf-8")
    project.clone.repro()
    project.judge("output replaced by hand", name)


@pytest.mark.faults
def test_an_output_that_was_overwritten_in_its_place_is_made_again(project):
    project.path("model").chmod(0o644)
    project.path("model").write_text("by hand", encoding="utf-8")
    project.clone.repro()
    project.judge("output overwritten, and with it DVC's cache", "model")


def test_a_merge_conflict_in_the_lock_file_is_named_and_deleting_it_helps(project):
    first = next(line for line in project.lock.splitlines() if line.startswith("  train@"))
    torn = project.lock.replace(first, f"<<<<<<< HEAD\n{first}\n=======\n{first}\n>>>>>>> other", 1)
    project.path(LOCK).write_text(torn, encoding="utf-8")
    said = project.clone.dvc("repro", fails=True)
    assert "'./dvc.lock' is invalid (possible merge conflicts)." in said
    assert "Traceback" not in said
    project.path(LOCK).unlink()
    project.clone.repro()
    project.judge("merge conflict in dvc.lock", LOCK)


@pytest.mark.faults
@pytest.mark.parametrize("share", [0, 0.5])
def test_a_lock_file_that_was_cut_short_is_named_and_deleting_it_helps(project, share):
    middle = project.lock.index("md5: ", int(share * len(project.lock))) + 2
    project.path(LOCK).write_text(project.lock[: middle if share else 0], encoding="utf-8")
    said = project.clone.dvc("repro", fails=True)
    assert re.search(r"'\./dvc\.lock' (is invalid|validation failed)\.", said)
    assert "Traceback" not in said
    project.path(LOCK).unlink()
    project.clone.repro()
    project.judge("dvc.lock cut short", LOCK)


@pytest.mark.faults
def test_a_list_of_locks_that_was_cut_short_is_named_and_deleting_it_helps(project):
    locks = project.path(".dvc/tmp/rwlock")
    locks.write_text("", encoding="utf-8")
    said = project.clone.dvc("repro", fails=True)
    assert "Unable to read RWLock-file '.dvc/tmp/rwlock'" in said
    assert "Traceback" not in said
    locks.unlink()
    project.clone.repro()
    project.judge(".dvc/tmp/rwlock cut short", "rwlock")


@pytest.mark.faults
@pytest.mark.parametrize("when", YEARS)
def test_a_clock_that_was_turned_hides_no_edit_and_makes_none(project, when):
    moment = (YEARS[when] - 1970) * 365.25 * 86400
    for path in (path for path in project.clone.path.rglob("*") if path.is_file() and ".git" not in path.parts):
        os.utime(path, (moment, moment))
    assert project.clone.repro().ran == set()

    photo = project.path("photo")
    was = photo.read_bytes()
    replace(photo, b"another".ljust(len(was)), moment)
    repro = project.clone.repro()
    assert repro.ran | repro.restored >= {"fetch@photos"}  # what it wrote was changed: it is brought back
    assert photo.read_bytes() == was
    project.judge("clock turned", when)


def replace(path: Path, content: bytes, moment: float) -> None:
    path.unlink()
    path.write_bytes(content)
    os.utime(path, (moment, moment))
