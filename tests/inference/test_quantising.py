import json
import sys

import keras
import numpy as np
import pytest
from backend_marks import NEEDS_OPENVINO
from helpers import make_backbone_settings, make_inference, write_arrays, write_edited

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.features import FEATURES, load_features
from stacker.backbones.building import build_backbone
from stacker.inference.predictors import compile_predictor

IMAGES = np.random.default_rng(0).integers(0, 256, (20, 32, 32, 3), np.uint8)
SETTINGS = make_inference(engine="openvino", precision="int8", batch_size=8)


def embed(settings, calibration=None) -> tuple[str, np.ndarray]:
    backbone = build_backbone("pet", make_backbone_settings("VGG16"), 32)
    predictor = compile_predictor(backbone, settings, {"pet": IMAGES.dtype}, calibration)
    return predictor.precision, predictor.predict({"pet": IMAGES})


@NEEDS_OPENVINO
def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "nncf", None)

    with pytest.raises(PipelineError, match=r"inference\.precision: int8 needs NNCF.*locks/int8\.lock"):
        embed(SETTINGS, {"pet": IMAGES})


def test_keras_in_int8_names_the_setting():
    with pytest.raises(PipelineError, match=r"inference\.precision: int8 needs the engine openvino, received keras"):
        embed(make_inference(engine="keras", precision="int8"), {"pet": IMAGES})


@NEEDS_OPENVINO
def test_without_photos_to_quantise_by_a_network_runs_in_float32():
    precision, features = embed(SETTINGS)

    backbone = build_backbone("pet", make_backbone_settings("VGG16"), 32)
    expected = keras.ops.convert_to_numpy(backbone(IMAGES.astype(np.float32), training=False))
    assert precision == "float32"
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-3 * np.ptp(expected))


@NEEDS_OPENVINO
@pytest.mark.extra
def test_int8_is_near_float32_yet_another_and_equal_runs_give_equal_features():
    pytest.importorskip("nncf")
    _, exact = embed(make_inference(engine="openvino", batch_size=8))
    precision, features = embed(SETTINGS, {"pet": IMAGES})

    assert precision == "int8"
    difference = np.abs(features - exact).max() / np.ptp(exact)
    assert 1e-4 < difference < 0.1
    np.testing.assert_array_equal(embed(SETTINGS, {"pet": IMAGES})[1], features)


@NEEDS_OPENVINO
@pytest.mark.extra
def test_embed_calibrates_by_training_photos_alone_and_says_what_it_did(workspace, run_stage):
    pytest.importorskip("nncf")
    write_edited({"inference": {"engine": "openvino", "precision": "int8", "batch_size": 8}})
    write_arrays({"train": 10, "validation": 4, "test": 5})
    run_stage("embed", "first")
    features = {split: np.array(load_features("first", split)) for split in ("train", "validation")}
    test = np.load("data/arrays/test/images.npy")
    np.save("data/arrays/test/images.npy", 255 - test)
    run_stage("embed", "first")

    provenance = json.loads((FEATURES / "first" / "provenance.json").read_text())
    assert provenance == {"backend": "tensorflow", "engine": "openvino", "precision": "int8", "weights_name": "random"}
    for split, values in features.items():
        np.testing.assert_array_equal(load_features("first", split), values)
