"""Projects that faults are done to: a real one of small networks, and one whose stages a stub stands in for."""

import shutil
import uuid
from pathlib import Path
from typing import Any

from e2e.clone import Clone, clone_working_tree, draw_photos, make_stub_params, stand_in_for_stages

PHOTOS = "data/raw/photos"
# Tiny networks gain nothing from a second thread, and the runs beside them lose.
ONE_THREAD = {
    f"{library}_NUM_{kind}THREADS": "1"
    for library, kind in (("OMP", ""), ("OPENBLAS", ""), ("TF", "INTRAOP_"), ("TF", "INTEROP_"))
}
MARK = "FAULTS_PROJECT"  # the environment variable by which the processes of a project are known
WRITTEN = ("data", "models", "metrics", "plots", "dvc.lock", ".checkpoints", ".dvc/cache", ".dvc/tmp")


def clone_project(folder: Path, params: dict[str, Any]) -> Clone:
    """A clone with 32 photos in an archive beside it, and a temporary folder of its own."""
    clone = clone_working_tree(folder / "project")
    draw_photos(folder / "photos", ["cats", "dogs"], 16)
    shutil.make_archive(str(folder / "photos"), "zip", folder / "photos")
    shutil.rmtree(folder / "photos")
    (folder / "tmp").mkdir()
    clone.environment |= {**ONE_THREAD, "TMPDIR": str(folder / "tmp"), "PYTHONUNBUFFERED": "1", MARK: uuid.uuid4().hex}
    clone.write_params({**params, "fetch": {"photos": {"kind": "archive", "url": f"file://{folder}/photos.zip"}}})
    clone.commit("a small project")
    return clone


def clone_small_project(folder: Path) -> Clone:
    """Two members on images of 32 px; one is trained on images, and keeps checkpoints meanwhile."""
    members: dict[str, Any] = {
        "kept": {"backbone": "MobileNet"},
        "deep": {"backbone": {"name": "MobileNet", "trainable": True}},
    }
    return clone_project(folder, make_small_params(members))


def clone_cross_validated_project(folder: Path) -> Clone:
    """One member, and the whole procedure repeated so that each photo is a test photo once."""
    params = make_small_params({"kept": {"backbone": "MobileNet"}})
    params |= {"training": {}, "meta_models": {}, "cross_validation": {"outer": {"folds": 2}}}
    return clone_project(folder, params)


def make_small_params(members: dict[str, Any]) -> dict[str, Any]:
    return {
        "backend": "tensorflow",
        "data": {
            "images": PHOTOS,
            "image_size": 32,
            "splits": {"train": ".", "validation": 0.2, "test": 0.2},
            "near_duplicates": None,
        },
        "backbone": {"weights": None},
        "training": {"epochs": 4, "batch_size": 8},
        "members": members,
        "stacking": {"fit_on": "holdout", "holdout": 0.3},  # a member is fitted once
        "meta_models": {"ensemble": {}},
        "ensemble_check": {"photos": 4},
        "inference": {},
        "cross_validation": {},
    }


def clone_stubbed_project(folder: Path) -> Clone:
    """All stages but `check` are stood in for: what is DVC's to hold shows in seconds."""
    clone = clone_project(folder, make_stub_params(PHOTOS))
    stand_in_for_stages(clone)
    return clone


def forget(clone: Clone) -> None:
    """Bring the project back to where nothing has run."""
    clone.git("checkout", "--force", "--quiet", "main")
    for name in WRITTEN:
        path = clone.path / name
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    for folder in ("tmp", "site_cache"):
        shutil.rmtree(clone.path.parent / folder, ignore_errors=True)
        (clone.path.parent / folder).mkdir()
    clone.git("checkout", "--quiet", "main", "--", "data", "models")  # what Git has there
