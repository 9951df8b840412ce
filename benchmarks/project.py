"""A scratch project for the pipeline's stages: a folder with params.yaml and the photos."""

import hashlib
from pathlib import Path
from typing import Any

import yaml

from benchmarks.measure import ROOT, ChildRun, run_child
from benchmarks.photos import MEMBERS, Bench

STAGES = ("prepare", "embed", "train", "stack", "evaluate")


def make_params(
    bench: Bench, side: int, precision: str, members: dict[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """The default params.yaml, turned to the benchmark's photos: frozen backbones, one layer on averaged features."""
    params: dict[str, Any] = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
    params["fetch"] = {}
    params["data"].update(
        images="data/raw/photos",
        image_size=side,
        fit="stretch",
        interpolation="auto",
        splits={"train": "train", "validation": 0.1, "test": "validation"},
        near_duplicates=2,
    )
    params["backbone"].update(pooling="avg", weights=None, trainable=False)
    params["training"].update(epochs=40, learning_rate=0.001, fine_tune=None, augmentation=None)
    params["members"] = members or {label: {"backbone": pin_backbone(bench, label)} for label in MEMBERS}
    params["inference"]["precision"] = precision
    return params


def pin_backbone(bench: Bench, label: str) -> dict[str, Any]:
    """The settings of a member's backbone: a file with weights needs its hash beside it."""
    pinned: dict[str, Any] = {"name": MEMBERS[label], "weights": bench.find_weights(label)}
    if pinned["weights"] is not None:
        with Path(pinned["weights"]).open("rb") as file:
            pinned["weights_sha256"] = hashlib.file_digest(file, "sha256").hexdigest()
    return pinned


def make_project(folder: Path, photos: Path, params: dict[str, Any]) -> Path:
    """Write params.yaml and link the photos; the stages then run in `folder`."""
    (folder / "data" / "raw").mkdir(parents=True)
    (folder / "data" / "raw" / "photos").symlink_to(photos.resolve())
    (folder / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    return folder


def run_stage(folder: Path, stage: str, *arguments: str) -> ChildRun:
    """One stage, in a process of its own."""
    return run_child(f"stages.{stage}:main", *arguments, folder=folder)


def run_pipeline(folder: Path, members: list[str]) -> dict[str, ChildRun]:
    """All stages, one after the other, as `dvc repro` runs them; by "stage" or "stage member"."""
    each = [[member] for member in members]
    arguments: dict[str, list[list[str]]] = {"prepare": [[]], "embed": each, "train": each, "stack": [["ensemble"]]}
    arguments["evaluate"] = [*each, ["ensemble", "--ensemble"]]
    return {
        " ".join([stage, *words]): run_stage(folder, stage, *words) for stage in STAGES for words in arguments[stage]
    }
