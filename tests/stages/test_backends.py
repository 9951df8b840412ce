"""The stages on other backends, each a process of its own; what they saved gives the same on TensorFlow."""

import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers import write_arrays, write_edited

from stacker.artifacts.arrays import load_images
from stacker.artifacts.logits import compute_probabilities
from stacker.artifacts.predictions import load_ensemble_predictions, load_predictions

ROOT = Path(__file__).parents[2]
SETTINGS = {
    "members": {
        "kept": {"backbone": "VGG16"},
        "trained": {"backbone": "VGG16", "training": {"augmentation": {"rotation_degrees": 10}, "epochs": 2}},
    },
    "stacking.fit_on": "holdout",
    "meta_models": {"boss": {}},
    "ensemble_check": {"photos": 3},
    "inference": {"batch_size": 8},
}


def run_stage(name: str, label: str) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    environment |= {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2", "JAX_PLATFORMS": "cpu"}
    command = [sys.executable, "-m", f"stages.{name}", label]
    finished = subprocess.run(command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert finished.returncode == 0, finished.stdout
    return finished.stdout


@pytest.mark.parametrize(
    ("backend", "tolerance"),
    [pytest.param("jax", 2e-5, marks=pytest.mark.extra), ("torch", 5e-6)],  # XLA rounds a little more coarsely
)
def test_what_another_backend_has_trained_gives_the_same_on_tensorflow(workspace, backend, tolerance):
    pytest.importorskip(backend)
    write_arrays({"train": 24, "validation": 8, "test": 8})
    write_edited({**SETTINGS, "backend": backend})
    Path("data/code").mkdir()
    for stage in ("embed", "train", "stack"):
        Path(f"data/code/{stage}.txt").write_text(f"module stages.{stage} 0123\n", encoding="ascii")
    for label in SETTINGS["members"]:
        assert "(keras, float32)" in run_stage("embed", label)
        trained = run_stage("train", label)
        assert "Model doesn't support `jit_compile=True`" not in trained  # it would train step by step, and slowly
    assert "3 of 8 test photos through the saved file (keras, float32)" in run_stage("stack", "boss")

    images = load_images("test").astype(np.float32)
    answers = {f"models/members/{label}.h5": load_predictions(label) for label in SETTINGS["members"]}
    assert keras.backend.backend() == "tensorflow"
    for path, predictions in {**answers, "models/boss.h5": load_ensemble_predictions("boss")}.items():
        model = keras.models.load_model(path, compile=False)
        received = model({tensor.name: images for tensor in model.inputs}, training=False)
        np.testing.assert_allclose(received, compute_probabilities(predictions.test), rtol=0, atol=tolerance)
