import tracemalloc

import numpy as np
import pytest

from stacker.training import moments
from stacker.training.moments import compute_moments

FEATURES = np.random.default_rng(0).normal([3, 1e6, 1e-12, 0], [2, 1, 1e-13, 5], (50, 4)).astype(np.float32)


@pytest.mark.parametrize("block_values", [1, 4 * 7, 4 * 50, 2**20])
@pytest.mark.parametrize("rows", [np.arange(50), np.array([49, 3, 3, 20, 11, 0, 5, 6, 7])])
def test_moments_are_numpys_whatever_the_size_of_a_block(block_values, rows, monkeypatch):
    monkeypatch.setattr(moments, "BLOCK_VALUES", block_values)

    mean, variance = compute_moments(FEATURES, rows)

    exact = FEATURES[rows].astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean(axis=0), rtol=1e-14)
    np.testing.assert_allclose(variance, exact.var(axis=0), rtol=1e-9)
    assert (mean.dtype, variance.dtype) == (np.float64, np.float64)


def test_moments_of_a_memory_map_never_hold_it_whole(tmp_path, monkeypatch):
    monkeypatch.setattr(moments, "BLOCK_VALUES", 2**12)
    np.save(tmp_path / "features.npy", np.ones((4000, 64), np.float32))
    features = np.load(tmp_path / "features.npy", mmap_mode="r")
    rows = np.arange(4000)

    tracemalloc.start()
    compute_moments(features, rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < features.nbytes / 4
