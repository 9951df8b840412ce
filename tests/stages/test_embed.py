import json

import keras
import numpy as np
import pytest
from backend_marks import BACKEND
from helpers import make_backbone_settings, write_arrays, write_edited
from tiny_transformers import make_tiny_settings, use_tiny

from stacker.artifacts.arrays import load_images
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.features import FEATURES, load_features
from stacker.backbones.building import build_backbone

COUNTS = {"train": 10, "validation": 4, "test": 5}


def test_embed_keeps_the_features_of_every_split(workspace, run_stage):
    write_arrays(COUNTS)

    run_stage("embed", "second")

    backbone = build_backbone("second", make_backbone_settings("MobileNetV3Small"), 32)
    for split, count in COUNTS.items():
        images = load_images(split).astype(np.float32)
        expected = keras.ops.convert_to_numpy(backbone(images, training=False))
        received = load_features("second", split)
        assert (received.shape, received.dtype) == ((count, backbone.output_shape[1]), np.float32)
        np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-5)
    provenance = json.loads((FEATURES / "second" / "provenance.json").read_text())
    assert provenance == {
        "backend": BACKEND,
        "engine": "keras",
        "precision": "float32",
        "weights_name": "random",
    }


def test_embed_notes_which_file_of_weights_it_took(workspace, run_stage, monkeypatch):
    use_tiny(monkeypatch)
    write_arrays(COUNTS)
    settings = make_tiny_settings("DINOv2Small14", pooling="token", image_size=32)
    write_edited({"members.second.backbone": settings.model_dump()})

    run_stage("embed", "second")

    assert load_features("second", "test").shape == (5, 16)
    provenance = json.loads((FEATURES / "second" / "provenance.json").read_text())
    assert provenance["weights_name"] == "dinov2.safetensors"
    assert provenance["weights_sha256"] == settings.weights_sha256
    assert "weights_licence" not in provenance  # of a file nobody knows it


def test_embed_shows_one_progress_for_all_splits(workspace, run_stage, read_progress):
    write_arrays(COUNTS)

    run_stage("embed", "second")

    counts = [8, 10, 14, 19]  # batches of 8
    assert read_progress() == [f"second: embedding: {count} of 19 photos" for count in counts]


def test_embed_keeps_nothing_when_the_backbone_is_trainable(workspace, run_stage):
    write_arrays(COUNTS)
    write_edited({"backbone.trainable": True})

    run_stage("embed", "first")

    assert [path.name for path in (FEATURES / "first").iterdir()] == ["provenance.json"]


def test_embed_lists_the_members_when_there_is_none_of_that_name(workspace, run_stage):
    with pytest.raises(PipelineError, match="choose from first, second"):
        run_stage("embed", "third")


@pytest.mark.parametrize("key", ["backbone", "members.first.backbone"])
def test_embed_names_the_setting_when_there_is_no_such_weights_file(workspace, run_stage, key):
    write_arrays(COUNTS)
    write_edited({key: {"name": "VGG16", "weights": "nowhere.h5"} if "first" in key else {"weights": "nowhere.h5"}})

    with pytest.raises(PipelineError, match=r"members\.first\.backbone\.weights, .* received 'nowhere\.h5'"):
        run_stage("embed", "first")
    assert list((workspace / "data/features").iterdir()) == []
