"""Vision transformers in ONNX and LiteRT: what the converters know of attention and of both kinds of GELU."""

import keras
import numpy as np
import pytest
from tiny_transformers import NATIVE_SIDE, draw_images, make_tiny_settings, read_features, use_tiny

from stacker.backbones.building import build_backbone

pytestmark = pytest.mark.extra
runtime = pytest.importorskip("onnxruntime", reason="needs the extra export")
pytest.importorskip("tf2onnx", reason="needs the extra export")
interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="needs the extra export")


@pytest.fixture(params=["DINOv2RegistersSmall14", "SigLIPBase16"])
def model(request, monkeypatch) -> keras.Model:
    """A serving model whose "probabilities" are the features."""
    use_tiny(monkeypatch)
    backbone = build_backbone("pet", make_tiny_settings(request.param, pooling="token"), NATIVE_SIDE)
    novelty = keras.layers.Dense(1)(backbone.output)
    return keras.Model(backbone.inputs, {"probabilities": backbone.output, "novelty": novelty}, name=request.param)


def test_onnx_gives_the_features_of_transformers(model, tmp_path):
    from stacker.using.exporting.onnx_format import write_onnx

    write_onnx(model, tmp_path)

    session = runtime.InferenceSession(tmp_path / "model.onnx")
    (received,) = session.run(["probabilities"], {"pet": draw_images(NATIVE_SIDE).astype(np.float32)})
    np.testing.assert_allclose(received, read_features(model.name, "token", NATIVE_SIDE), atol=2e-5)


def test_litert_gives_the_features_of_transformers(model, tmp_path):
    from stacker.using.exporting.litert_format import write_litert

    write_litert(model, tmp_path)

    runner = interpreter.Interpreter(str(tmp_path / "model.tflite")).get_signature_runner()
    received = runner(pet=draw_images(NATIVE_SIDE).astype(np.float32))["probabilities"]
    np.testing.assert_allclose(received, read_features(model.name, "token", NATIVE_SIDE), atol=2e-5)
