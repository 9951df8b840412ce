"""Keeping what the frozen part of a network gives."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from backend_marks import ENGINES
from helpers import make_inference

from stacker.artifacts.errors import PipelineError
from stacker.training.activations import keep_activations, require_disk

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), np.uint8)


@pytest.mark.parametrize("engine", ENGINES)
def test_keep_activations_is_what_the_front_gives_and_leaves_no_file_behind(engine, workspace):
    Path("data").mkdir()
    pixels = keras.Input((8, 8, 3), name="pet")
    front = keras.Model(pixels, keras.layers.Flatten()(keras.layers.Conv2D(4, 3)(pixels)), name="pet_front")

    kept = keep_activations(front, {"train": IMAGES, "validation": IMAGES[:5]}, make_inference(engine=engine))

    expected = keras.ops.convert_to_numpy(front(IMAGES.astype(np.float32)))
    np.testing.assert_allclose(kept["train"], expected, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(kept["validation"], expected[:5], rtol=1e-4, atol=1e-3)
    assert isinstance(kept["train"], np.memmap)
    assert kept["train"].dtype == np.float32
    assert list(Path("data").iterdir()) == []


def test_require_disk_leaves_half_of_what_is_free(monkeypatch):
    asked = []
    usage = shutil._ntuple_diskusage(2**40, 2**40 - 2**20 * 60, 2**20 * 60)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: asked.append(path) or usage)

    require_disk("pet", 30.0)
    with pytest.raises(
        PipelineError,
        match=r"^pet: .* take 31 MiB, more than half of the 60 MiB that the disk of `data/` has left: free some, or "
        r"set `training\.fine_tune\.keep_activations: false`",
    ):
        require_disk("pet", 31.0)

    assert asked == [Path("data")] * 2
