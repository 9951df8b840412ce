"""The stage on copies of the project: what it writes, and which edit changes which file."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import small_settings, write_edited, write_params

from stacker.artifacts.errors import PipelineError

ROOT = Path(__file__).parents[2]
STAGES = {"fetch", "prepare", "embed", "train", "fuse", "stack", "evaluate", "cross_validate", "compare", "audit"}
# after each edit the files are read and the edit is taken back
DRIVER = """
import json, pathlib
from stages import check

def read():
    check.main()
    return {path.stem: path.read_text() for path in pathlib.Path("data/code").glob("*.txt")}

results = {"": read()}
for name, path, old, new in json.loads(pathlib.Path("edits.json").read_text()):
    file = pathlib.Path(path)
    text = file.read_text(encoding="utf-8")
    assert old in text, (path, old)
    file.write_text(text.replace(old, new), encoding="utf-8")
    results[name] = read()
    file.write_text(text, encoding="utf-8")
pathlib.Path("results.json").write_text(json.dumps(results))
"""
EDITS = {  # what is edited: the file, what stands there, what comes in its place, and the stages whose files change
    "a comment": ("stacker/artifacts/errors.py", "class PipelineError", "# a comment\nclass PipelineError", set()),
    "a docstring": ("stacker/artifacts/errors.py", "the message names", "the text names", set()),
    "what all stages import": ("stacker/artifacts/errors.py", "(Exception)", "(RuntimeError)", STAGES),
    "a setting of data": ("stacker/settings/data.py", "image_size: Side = 224", "image_size: Side = 96", {"prepare"}),
    "a new optimizer": ("stacker/settings/training.py", '"lion"]', '"lion", "lamb"]', {"train", "cross_validate"}),
    "a default of meta-models": (
        "stacker/settings/meta_models.py",
        "weight_spread: Rate = 0.3",
        "weight_spread: Rate = 0.5",
        {"stack", "cross_validate"},
    ),
    "how photos are fetched": ("stacker/photos/archives.py", "1 << 20", "1 << 10", {"fetch"}),
    "how photos are decoded": ("stacker/photos/decoding.py", "MARGIN = 1.5", "MARGIN = 2", {"prepare"}),
    "how pixels are scaled": (
        "stacker/backbones/building.py",
        "(10, 100, 200)",
        "(9, 8, 7)",
        {"embed", "train", "cross_validate"},
    ),
    "how networks run": (
        "stacker/inference/predictors.py",
        "+ 1\n",
        "+ 2\n",
        {"embed", "train", "stack", "cross_validate"},
    ),
    "a score": (
        "stacker/scoring/scores.py",
        "CALIBRATION_BINS = 15",
        "CALIBRATION_BINS = 9",
        {"evaluate", "cross_validate", "compare", "audit"},
    ),
    "a picture": ("stacker/pictures/gallery.py", '"leaderboard")', '"board")', {"compare"}),
    "a script": ("stages/train.py", "is_frozen = not", "is_kept = not", {"train"}),
    "the package stages": ("stages/__init__.py", '"""What', 'VALUE = 1\n"""What', STAGES),
    "a minor version of OpenCV": (  # which also brings position embeddings to another size
        "requirements.lock",
        "opencv-",
        "opencv-contrib-",
        {"prepare", "embed", "train", "cross_validate", "audit"},
    ),
    "a minor version of NumPy": ("requirements.lock", "\nnumpy==2.", "\nnumpy==9.", STAGES - {"fetch"}),
    "a version that changes no number": ("requirements.lock", "\ntqdm==4.", "\ntqdm==9.", set()),
}


def copy_project(folder: Path) -> None:
    for name in ("stages", "stacker"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", folder)
    (folder / "photos").mkdir()


def run_python(folder: Path, *arguments: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, check=False, capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> dict[str, dict[str, str]]:
    """By edit, what the files hold then; by the empty text, what they hold without an edit."""
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_params(small_settings())
    (folder / "edits.json").write_text(json.dumps([[name, *edit[:3]] for name, edit in EDITS.items()]))
    done = run_python(folder, "-c", DRIVER)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "results.json").read_text())


def test_check_writes_a_file_for_each_of_the_other_stages(results):
    assert set(results[""]) == STAGES
    assert {path.stem for path in (ROOT / "stages").glob("[a-z]*.py")} == STAGES | {"check"}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_changes_the_files_of_the_stages_that_run_what_was_edited(results, edit):
    changed = {stage for stage in STAGES if results[edit][stage] != results[""][stage]}

    assert changed == EDITS[edit][3]


def test_a_file_can_be_read_by_a_person(results):
    lines = results[""]["prepare"].splitlines()

    modules = [line.split() for line in lines if line.startswith("module ")]
    packages = [line.split() for line in lines if line.startswith("package ")]
    assert len(modules) + len(packages) == len(lines)
    assert all(len(words) == 3 and len(words[2]) == 16 for words in modules)
    assert {"stages.prepare", "stacker.photos.decoding", "stacker.settings.data", "stacker"} <= {w[1] for w in modules}
    assert {"opencv", "numpy", "pillow"} <= {words[1] for words in packages}
    assert "keras" not in {words[1] for words in packages}


@pytest.mark.parametrize(
    ("stage", "package"),
    [
        ("embed", "keras"),
        ("embed", "openvino"),
        ("train", "keras"),
        ("train", "openvino"),
        ("train", "scikit-learn"),
        ("stack", "scipy"),
        ("stack", "keras"),
        ("evaluate", "scikit-learn"),
        ("compare", "matplotlib"),
    ],
)
def test_packages_that_make_a_stages_numbers_are_listed(results, stage, package):
    assert f"\npackage {package} " in results[""][stage]


def test_fetch_depends_on_no_package_as_no_upgrade_should_download_again(results):
    assert "\npackage " not in results[""]["fetch"]


UNKNOWN = {
    "at the top": {"trainning": {}},
    "in data": {"data.image_sise": 96},
    "in the splits": {"data.splits.valid": 0.1},
    "in fetch": {"fetch": {"digits": {"kind": "digits", "sort": "parity"}}},
    "in the shared backbone": {"backbone.poolling": "max"},
    "in training": {"training.epoch": 3},
    "in a member": {"members.first.heads": {}},
    "in a member's head": {"members.first.head": {"hiden": [4]}},
    "in a member's training": {"members.second.training": {"epoch": 3}},
    "in stacking": {"stacking.fold": 3},
    "in a meta-model": {"meta_models.ensemble.hiden": [3]},
    "in the check of ensembles": {"ensemble_check.photo": 3},
    "in inference": {"inference.engines": "keras"},
}


@pytest.mark.parametrize("where", UNKNOWN)
def test_an_unknown_key_anywhere_stops_the_run(workspace, run_stage, where):
    write_edited(UNKNOWN[where])

    with pytest.raises(PipelineError, match="there is no such setting"):
        run_stage("check")

    assert not (workspace / "data").exists()


def test_a_failed_check_leaves_the_files_as_they_were(tmp_path, monkeypatch):
    copy_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    write_params(small_settings())
    first = run_python(tmp_path, "-m", "stages.check")
    before = {path.name: path.read_bytes() for path in Path("data/code").iterdir()}
    write_edited({"training.epoch": 3})
    second = run_python(tmp_path, "-m", "stages.check")

    assert (first.returncode, second.returncode) == (0, 1)
    said, took = first.stdout.splitlines()
    assert said == "params.yaml is valid; data/code says which code each of 10 stages runs"
    assert re.fullmatch(r"done in \d+\.\d s", took)
    assert "error: 1 wrong setting in params.yaml:\n  training.epoch: there is no such setting" in second.stderr
    assert "Traceback" not in second.stderr
    assert {path.name: path.read_bytes() for path in Path("data/code").iterdir()} == before
    assert [path.name for path in Path("data").iterdir()] == ["code"]


def test_missing_photos_are_named_with_their_setting(tmp_path, monkeypatch):
    copy_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    write_edited({"data.images": "my_photos"})

    done = run_python(tmp_path, "-m", "stages.check")

    assert done.returncode == 1
    assert "error: data.images: there is no folder my_photos" in done.stderr


def test_check_imports_no_library_of_networks():
    code = (
        "import sys, stages.check\n"
        "print(*sorted({'keras', 'tensorflow', 'openvino', 'sklearn', 'scipy', 'cv2', 'dvc'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)

    assert done.stdout.strip() == ""
