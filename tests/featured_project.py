"""A project whose members keep small made-up features: no network."""

from pathlib import Path

import numpy as np
from helpers import write_arrays, write_edited

from stacker.artifacts.arrays import SPLITS, load_labels
from stacker.artifacts.features import write_provenance
from stacker.artifacts.fused_members import write_fused_members
from stacker.settings.fusing import choose_fused
from stacker.settings.whole import load_settings

COUNTS = {"train": 24, "validation": 8, "test": 8}
WIDTHS = {"first": 3, "second": 5}


def write_features(label: str, width: int, seed: int) -> None:
    folder = Path("data/features", label)
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    for split in SPLITS:
        labels = load_labels(split)
        values = generator.normal(size=(len(labels), width)) + labels[:, np.newaxis] * np.linspace(0.2, 1, width)
        np.save(folder / f"{split}.npy", values.astype(np.float32))
    write_provenance(folder, engine="made up")


def write_featured_project(**changes) -> None:
    write_arrays(COUNTS)
    write_edited(changes)
    for seed, (label, width) in enumerate(WIDTHS.items()):
        write_features(label, width, seed)
    Path("data/code").mkdir()
    write_fused_members(Path("data/code"), choose_fused(load_settings()))
