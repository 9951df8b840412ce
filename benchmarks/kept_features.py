"""Kept features to repeat procedures on: the default's digits by random backbones, and a folder of photos."""

import csv
from pathlib import Path

import numpy as np
import yaml
from sklearn.datasets import load_digits

from benchmarks.measure import ROOT
from benchmarks.photos import MEMBERS, Bench
from benchmarks.project import make_params, make_project, run_stage
from stacker.artifacts.arrays import SPLITS
from stacker.ensembles.procedure import Pool
from stacker.photos.digits import write_digits

RARE_DIGIT = 8  # one digit in ten, and the one that others are most often taken for


def make_digits(bench: Bench) -> dict[str, Pool]:
    """The default's 1,797 digits: "parity", "ten digits", and the rare "eight or not", on the same features."""
    folder = (bench.kept or bench.scratch / "kept") / "digits"
    if not folder.exists():
        params = yaml.safe_load((ROOT / "params.yaml").read_text(encoding="utf-8"))
        raw = folder / params["data"]["images"]
        raw.mkdir(parents=True)
        write_digits("parity", raw)
        (folder / "params.yaml").write_text(yaml.safe_dump({**params, "fetch": {}}, sort_keys=False), encoding="utf-8")
        make_features(folder)
    pools = load_pools(folder, ["even", "odd"])
    parity = join_pools([pools[split] for split in SPLITS])
    numbers = read_numbers(folder / "data" / "arrays" / "manifest.csv")
    digits = load_digits().target[numbers].astype(np.int64)
    ten = parity._replace(labels=digits, classes=[str(digit) for digit in range(10)])
    eight = parity._replace(labels=(digits == RARE_DIGIT).astype(np.int64), classes=["other", "eight"])
    return {"parity": parity, "ten digits": ten, "eight or not": eight}


def make_photos(bench: Bench) -> dict[str, Pool]:
    """The photos of `--full`, by split, at the largest side, in float32."""
    folder = (bench.kept or bench.scratch / "kept") / "photos"
    if not folder.exists():
        make_project(folder, bench.photos, make_params(bench, bench.sizes[-1], "float32"))
        make_features(folder)
    return load_pools(folder, sorted(path.name for path in (bench.photos / "train").iterdir()))


def make_features(folder: Path) -> None:
    """Run the stages that make a project's features, each in a process of its own."""
    run_stage(folder, "prepare")
    for label in MEMBERS:
        run_stage(folder, "embed", label)


def load_pools(folder: Path, classes: list[str]) -> dict[str, Pool]:
    """The splits of a project whose features were made."""
    pools = {}
    for split in SPLITS:
        features = {label: np.load(folder / "data" / "features" / label / f"{split}.npy") for label in MEMBERS}
        labels, groups = (np.load(folder / "data" / "arrays" / split / f"{name}.npy") for name in ("labels", "groups"))
        pools[split] = Pool(features, labels, groups, classes)
    return pools


def join_pools(pools: list[Pool]) -> Pool:
    """Several splits as one."""
    first = pools[0]
    features = {label: np.concatenate([pool.features[label] for pool in pools]) for label in first.features}
    labels, groups = (np.concatenate([pool[place] for pool in pools]) for place in (1, 2))
    return Pool(features, labels, groups, first.classes)


def read_numbers(manifest: Path) -> np.ndarray:
    """Which of scikit-learn's digits every row is, by its file's name: int64, (n,), split after split."""
    with manifest.open(newline="", encoding="utf-8") as stream:
        lines = list(csv.DictReader(stream))
    return np.array([int(Path(line["path"]).stem) for split in SPLITS for line in lines if line["split"] == split])
