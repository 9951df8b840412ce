"""Fits on several devices: two that JAX makes of one CPU, in a process of its own: their number is fixed at start."""

import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest

from stacker.artifacts.errors import PipelineError
from stacker.training.distributing import list_devices

# 27 rows in batches of 8, and 7 to watch: neither the batches nor what is left of them share out among two.
SCRIPT = """
import json

import jax
import keras
import numpy as np

from stacker.training.batches import Batches, encode_targets
from stacker.training.compiled_models import CompiledModels
from stacker.training.distributing import SplitBatches, list_devices
from stacker.training.fitting import FitSettings, fit_model

images = np.random.default_rng(0).integers(0, 256, (34, 8, 8, 3)).astype(np.uint8)
targets = encode_targets((images[:, :4].mean((1, 2, 3)) > 127).astype(np.int64), 1)


def fit(distribution, compiled=None):
    keras.utils.set_random_seed(1)
    layers = [
        keras.Input((8, 8, 3)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(4, 3, use_bias=False),  # normalisation takes a bias away; Adam would step by its rounding
        keras.layers.BatchNormalization(momentum=0.9),
        keras.layers.ReLU(),
        keras.layers.Flatten(),
        keras.layers.Dense(6, "relu"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(1),
    ]
    model = keras.Sequential(layers, name="small")
    train, validation = (Batches(images, targets, rows, 8, seed=3) for rows in (np.arange(27), np.arange(27, 34)))
    settings = FitSettings(epochs=4, batch_size=8, learning_rate=0.01, distribution=distribution, seed=5)
    epochs = fit_model(model, train, validation, settings, "all", compiled=compiled)
    assert {len(variable.value.sharding.device_set) for variable in model.variables} == {1}
    return [[epoch.loss, epoch.val_loss, epoch.accuracy, epoch.val_accuracy] for epoch in epochs]


curves = {distribution: fit(distribution) for distribution in ("single", "data_parallel")}
compiled = CompiledModels()
curves["again"] = [fit("data_parallel", compiled) for _ in range(2)][1]
with SplitBatches(devices=list_devices()).scope():
    layer = keras.layers.Rescaling(2.0)
    given = jax.jit(layer)(np.arange(8, dtype=np.float32)[:, np.newaxis])
shares = [np.asarray(shard.data)[:, 0].tolist() for shard in given.addressable_shards]
print(json.dumps({**curves, "shares": shares}))
"""


@pytest.mark.extra
def test_two_devices_learn_as_one_does_each_from_its_share():
    pytest.importorskip("jax")
    environment = {
        **os.environ,
        "KERAS_BACKEND": "jax",
        "JAX_PLATFORMS": "cpu",
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }

    finished = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, text=True, capture_output=True)

    assert finished.returncode == 0, finished.stderr
    received = json.loads(finished.stdout.splitlines()[-1])
    np.testing.assert_allclose(received["data_parallel"], received["single"], rtol=0, atol=1e-4)
    assert received["again"] == received["data_parallel"]
    assert len({loss for loss, *_ in received["single"]}) == 4  # it learns
    assert received["shares"] == [[0, 2, 4, 6], [8, 10, 12, 14]]


@pytest.mark.parametrize("backend", ["tensorflow", "torch"])
def test_backends_that_cannot_are_refused(monkeypatch, backend):
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)

    with pytest.raises(PipelineError, match=rf"data_parallel needs `backend: jax`, received {backend}: set single"):
        list_devices()


def test_one_device_is_too_few(monkeypatch):
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(keras.distribution, "list_devices", lambda: ["gpu:0"])

    with pytest.raises(PipelineError, match="needs at least two devices, JAX found gpu:0: set single"):
        list_devices()
