"""The formats that need the extra `export`: ONNX and LiteRT."""

import json

import numpy as np
import pytest
from tiny_models import write_tiny_ensemble

from stacker.using.classifier import load
from stacker.using.exporting.export import export_model

pytestmark = pytest.mark.extra
onnx = pytest.importorskip("onnx", reason="needs the extra export")
runtime = pytest.importorskip("onnxruntime", reason="needs the extra export")
pytest.importorskip("tf2onnx", reason="needs the extra export")
interpreter = pytest.importorskip("ai_edge_litert.interpreter", reason="needs the extra export")


@pytest.fixture(scope="module", params=[("image", "uint8"), ("members", "float32")], ids="-".join)
def exported(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exports")
    write_tiny_ensemble(folder / "ensemble.h5", class_count=3, fit="crop")
    classifier = load(folder / "ensemble.h5", "keras")
    return {one.name: one for one in export_model(classifier, ["onnx", "litert"], *request.param, [], None, folder)}


@pytest.mark.parametrize("name", ["onnx", "litert"])
def test_the_example_gives_what_the_model_says(name, exported):
    assert exported[name].problem is None
    assert exported[name].measured.from_files < 1e-5


def test_an_onnx_file_takes_any_number_of_photos(exported):
    session = runtime.InferenceSession(exported["onnx"].folder / "model.onnx")

    assert [tensor.shape for tensor in session.get_inputs()] == [["batch", 48, 48, 3]] * len(session.get_inputs())
    assert {tensor.name: tensor.shape for tensor in session.get_outputs()} == {
        "probabilities": ["batch", 3],
        "novelty": ["batch", 1],
    }
    onnx.checker.check_model(exported["onnx"].folder / "model.onnx")


def test_a_litert_file_takes_another_number_of_photos_each_time(exported):
    contract = json.loads((exported["litert"].folder / "contract.json").read_text(encoding="utf-8"))
    images = np.load(exported["litert"].folder / "golden" / "prepared.npy").astype(contract["dtype"])
    runner = interpreter.Interpreter(str(exported["litert"].folder / "model.tflite")).get_signature_runner()

    answers = [runner(**dict.fromkeys(contract["inputs"], images[:n]))["probabilities"].copy() for n in (5, 1, 3)]

    assert [len(one) for one in answers] == [5, 1, 3]
    np.testing.assert_allclose(answers[2], answers[0][:3], atol=1e-6)
