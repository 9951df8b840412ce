"""A disk that fills while a stage writes: a message says what was needed, and the previous outputs are as they were."""

import random
import re
import resource
import shutil
import signal
from pathlib import Path

import pytest
from e2e.clone import ROOT, Clone
from helpers import write_edited, write_noise_folders

from stacker.artifacts.outputs import PARTIAL

from .disturbing import Started
from .ledger import SEED, note
from .project import MARK, PHOTOS
from .small_disk import leave_room, make_room, mounted_disk
from .state import read_outputs, wait_for_processes

pytestmark = pytest.mark.thorough

SAID = re.compile(
    r"^error: (?P<path>\S+) (cannot be written[^\n]*: it )?needs (more than the )?\d[^\n]* free\b", re.MULTILINE
)
STAGES = {  # what each is called with, and one of the files that it then writes
    "fetch": ("photos", f"{PHOTOS}/cats/000.png"),
    "prepare": ("", "data/arrays/train/images.npy"),
    "embed": ("kept", "data/features/kept/train.npy"),
    "train": ("deep", "models/members/deep.h5"),
    "stack": ("ensemble", "models/ensemble.h5"),
    "evaluate": ("kept", "metrics/details/kept.json"),
    "compare": ("", "plots/leaderboard.png"),
    "audit": ("", "plots/audit.png"),
}


def copy_results(built: Clone, disk: Path) -> Clone:
    """A folder on `disk` in which a stage can be run alone, its previous outputs there."""
    for name in ("data", "models", "metrics", "plots", "params.yaml", "dvc.lock"):
        source = built.path / name
        shutil.copytree(source, disk / name) if source.is_dir() else shutil.copy(source, disk / name)
    copied = Clone(disk)
    copied.environment = {**built.environment, "PYTHONPATH": str(ROOT)}
    return copied


def run_short_of_room(clone: Clone, stage: str, argument: str) -> str:
    """Run a stage that fails; what it said, in one message that names the file."""
    started = Started(clone, "python", "-m", f"stages.{stage}", *filter(None, [argument]))
    code = started.finish()
    assert code == 1, started.output
    assert "Traceback" not in started.output
    assert len(SAID.findall(started.output)) == 1, started.output
    assert wait_for_processes(clone) == []
    assert list(clone.path.rglob(f"{PARTIAL}*")) == []
    return SAID.search(started.output)["path"]


@pytest.mark.faults
@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_that_fills_the_disk_says_so_and_leaves_the_previous_outputs(small, tmp_path, stage):
    argument, written = STAGES[stage]
    with mounted_disk(tmp_path / "disk", 400) as disk:
        clone = copy_results(small[0], disk)
        before = read_outputs(clone)
        length = (disk / written).stat().st_size
        share = random.Random(f"{SEED} {stage}").uniform(0, 0.9)  # noqa: S311
        leave_room(disk, int(share * length))
        run_short_of_room(clone, stage, argument)
        is_well = read_outputs(clone) == before
        note("disk full", stage, is_well)
        assert is_well
        make_room(disk)
        started = Started(clone, "python", "-m", f"stages.{stage}", *filter(None, [argument]))
        assert started.finish() == 0, started.output
        assert read_outputs(clone) == before


@pytest.mark.faults
def test_a_temporary_folder_without_room_is_named(small, tmp_path):
    with mounted_disk(tmp_path / "disk", 4) as disk:
        clone = Clone(small[0].path)
        clone.environment = {**small[0].environment, "TMPDIR": str(disk)}
        before = read_outputs(clone)
        assert run_short_of_room(clone, "embed", "kept").startswith(f"{disk}/stacker-openvino-")
        note("disk full", "embed, the temporary folder", read_outputs(clone) == before)
        assert list(disk.iterdir()) == []


@pytest.fixture
def photos(workspace) -> Clone:
    """A folder with photos, on which `prepare` can run; its arrays take 60 x 128 x 128 x 3 bytes, 2.9 MB."""
    write_noise_folders(workspace / "photos", {"cats": 30, "dogs": 30})
    write_edited({"data.image_size": 128})
    clone = Clone(workspace)
    clone.environment |= {"PYTHONPATH": str(ROOT), MARK: "photos"}
    return clone


def write_code(photos: Clone) -> None:
    """As the stage `check` does."""
    (photos.path / "data/code").mkdir(parents=True)
    (photos.path / "data/code/prepare.txt").write_text("module stages.prepare 0123\n", encoding="ascii")


def test_prepare_asks_for_the_room_of_its_arrays(photos):
    with mounted_disk(photos.path / "data", 2) as disk:
        write_code(photos)
        started = Started(photos, "python", "-m", "stages.prepare")
        assert started.finish() == 1
        assert "error: data/arrays cannot be written: it needs 2.95 MB, and the disk has 2.09 MB free" in started.output
        assert "Traceback" not in started.output
        assert [path.name for path in disk.iterdir()] == ["code"]
    note("disk full", "prepare", True)


def limit_files() -> None:
    """As `ulimit -f`: no file may become larger than a megabyte."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))


def test_a_limit_on_the_size_of_files_is_told_too(photos):
    write_code(photos)
    started = Started(photos, "python", "-m", "stages.prepare", before=limit_files)
    assert started.finish() == 1
    assert "error: data/arrays cannot be written (File too large): it needs 2.95 MB, and the disk has" in started.output
    assert "Traceback" not in started.output
    assert [path.name for path in (photos.path / "data").iterdir()] == ["code"]
    note("limit on the size of files", "prepare", True)
