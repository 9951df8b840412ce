"""The project that a walk goes through: photos of two classes, two members, an ensemble; and its state, as files."""

import hashlib
import random
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import yaml
from e2e.clone import Clone, clone_working_tree

PHOTOS = "data/raw/photos"
RESULTS = ("metrics/", "plots/")  # in Git, and written by stages
PARAMS = """
backend: tensorflow
fetch: {}
data: {images: data/raw/photos, image_size: 32, splits: {train: ., validation: 0.2, test: 0.3}}
backbone: {weights: null}
training: {}
members:
  a: {backbone: MobileNet}
  b: {backbone: VGG16, head: {hidden: [5]}, training: {epochs: 2}}
stacking: {folds: 2}
meta_models: {ensemble: {}}
ensemble_check: {photos: 3}
inference: {engine: keras, batch_size: 8}
cross_validation: {}
"""


class Outcome(NamedTuple):
    """What a `dvc repro` left: the hash of every file, what dvc.lock says of every stage; or why it failed."""

    files: dict[str, str]
    lock: dict[str, Any]
    error: str = ""


def start_project(path: Path) -> Clone:
    """A clone of the working tree with the photos and settings of the walk, not run yet."""
    project = clone_working_tree(path)
    project.write_params(yaml.safe_load(PARAMS))
    draws = random.Random(5)  # noqa: S311 - no secret
    for name in ("left", "right"):
        for _ in range(16):
            draw_photo(project.path / PHOTOS, name, draws)
    project.dvc("add", PHOTOS)
    project.commit("the project")
    return project


def draw_photo(folder: Path, name: str, draws: random.Random, path: Path | None = None) -> Path:
    """Draw a noisy photo of a size of its own, a little brighter in its class' corner, into `<folder>/<class>`."""
    generator = np.random.default_rng(draws.randrange(2**31))
    height, width = generator.integers(26, 48, 2)
    corner = hashlib.sha256(name.encode()).digest()[0]
    pixels = generator.integers(0, 200, (height, width, 4))
    rows = slice(height // 2, None) if corner % 2 else slice(height // 2)
    columns = slice(width // 2, None) if corner // 2 % 2 else slice(width // 2)
    pixels[rows, columns, corner % 3] += 45
    pixels[:, :, 3] = 255 if generator.integers(4) else 100  # a few are transparent
    path = path or folder / name / f"{draws.randrange(10**6):06d}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)  # it may be a read-only link into the cache
    cv2.imwrite(str(path), pixels.astype(np.uint8))
    return path


def list_state(project: Clone) -> list[Path]:
    """The files that are the user's: code, settings and photos, and no result."""
    listed = project.git("ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    names = {name for name in listed if name and not name.startswith(RESULTS)} - {"dvc.lock", f"{PHOTOS}.dvc"}
    photos = (project.path / PHOTOS).rglob("*")
    names |= {path.relative_to(project.path).as_posix() for path in photos}
    return sorted(Path(name) for name in names if (project.path / name).is_file())


def hash_state(project: Clone) -> str:
    """A hash of the user's files, taken without DVC."""
    digest = hashlib.sha256()
    for path in list_state(project):
        digest.update(f"{path} {hash_file(project.path / path)}\n".encode())
    return digest.hexdigest()


def copy_state(project: Clone, path: Path) -> Clone:
    """The user's files in a repository of their own: no results, no lock, an empty cache."""
    for name in list_state(project):
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(project.path / name, path / name)
    copy = Clone(path)
    copy.git("init", "--quiet", "--initial-branch", "main")
    copy.commit("a state")
    return copy


def read_outcome(project: Clone) -> Outcome:
    """What the last run left in the project."""
    written = {name for name in project.list_files() if not name.startswith("data/raw/") and ".partial-" not in name}
    lock = yaml.load((project.path / "dvc.lock").read_text(encoding="utf-8"), yaml.CSafeLoader)  # noqa: S506 - a safe one
    return Outcome({name: hash_file(project.path / name) for name in sorted(written)}, lock["stages"])


def read_failure(output: str) -> Outcome:
    """What a failed run said: the stage, and its message."""
    lines = output.splitlines()
    told = [line.strip() for line in lines if line.startswith(("error: ", "ERROR: failed to reproduce"))]
    return Outcome({}, {}, "\n".join(told) or output)


def hash_file(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
