"""A vision transformer beside a CNN: embedded, trained, fine-tuned, stacked, and read by plain Keras."""

import keras
import numpy as np
import pytest
from helpers import write_arrays, write_edited
from tiny_transformers import make_tiny_settings, use_tiny

from stacker.artifacts.arrays import load_images
from stacker.artifacts.descriptions import read_description
from stacker.artifacts.logits import compute_probabilities
from stacker.artifacts.model_paths import MEMBERS
from stacker.artifacts.predictions import load_ensemble_predictions

pytestmark = pytest.mark.thorough


def test_a_fine_tuned_transformer_is_stacked_with_a_cnn(workspace, run_stage, monkeypatch):
    use_tiny(monkeypatch)
    write_arrays({"train": 24, "validation": 6, "test": 6})
    backbone = make_tiny_settings("DINOv2Small14", pooling="token", image_size=32)
    training = {"fine_tune": {"layers": 1, "epochs": 1, "learning_rate": 0.001}}
    write_edited({"members.second": {"backbone": backbone.model_dump(), "training": training}})

    (workspace / "data/code").mkdir(parents=True)
    (workspace / "data/code/train.txt").write_text("code")  # what a resumed training would go by
    for label in ("first", "second"):
        run_stage("embed", label)
        run_stage("train", label)
    run_stage("stack", "ensemble")

    facts = read_description(MEMBERS / "second.h5").members["second"]
    assert (facts.backbone, facts.weights) == ("DINOv2Small14", "dinov2.safetensors")
    assert facts.weights_sha256 == backbone.weights_sha256
    ensemble = keras.models.load_model("models/ensemble.h5", compile=False)
    images = load_images("test").astype(np.float32)
    received = keras.ops.convert_to_numpy(ensemble({"first": images, "second": images}, training=False))
    expected = compute_probabilities(load_ensemble_predictions("ensemble").test)
    np.testing.assert_allclose(received, expected, atol=1e-5)
