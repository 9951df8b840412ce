"""`stacker export openvino --precision int8`."""

import importlib.util
import json
from pathlib import Path

import keras
import numpy as np
import openvino
import pytest
from helpers import make_description, make_inference, write_arrays
from tiny_models import write_tiny_ensemble
from typer.testing import CliRunner

from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.artifacts.preparation import Preparation
from stacker.cli import app
from stacker.inference.predictors import compile_predictor
from stacker.using.classifier import load
from stacker.using.exporting.asking import Said, ask_openvino
from stacker.using.exporting.export import export_model
from stacker.using.exporting.quantised import (
    Quantising,
    check_precision,
    describe_quantised,
    load_quantising,
    measure_quantised,
)

CLASSES = ["class_0", "class_1"]
PREPARATION = Preparation(side=32)
LABELS = np.array([1, 0, 0, 1, 0], np.int64)
PHOTOS = Quantising(np.zeros((7, 4, 4, 3), np.uint8), np.zeros((5, 4, 4, 3), np.uint8), LABELS, "0" * 16)
COUNTS = {"train": 12, "validation": 4, "test": 6}


def say(*second: float):
    column = np.array(second, np.float32)
    return lambda images: Said(np.stack([1 - column, column], axis=1)[: len(images)], column)


def test_other_formats_are_refused_with_the_choice_named():
    with pytest.raises(WrongUseError, match=r"for the format openvino alone, received keras, onnx: leave these out"):
        check_precision(["keras", "openvino", "onnx"], "int8")
    check_precision(["keras", "openvino"], "float32")


def test_the_missing_extra_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "nncf" else 1)

    with pytest.raises(PipelineError, match=r"--precision int8 needs NNCF.*locks/int8\.lock"):
        check_precision(["openvino"], "int8")
    check_precision(["openvino"], "float32")


def test_without_arrays_the_command_that_makes_them_is_named(workspace):
    with pytest.raises(PipelineError, match=r"calibrated by the model's training photos: data/arrays.*`dvc repro prep"):
        load_quantising(make_description("one", preparation=PREPARATION, classes=CLASSES))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"preparation": Preparation(side=48)}, r"\(side 32, not 48\)"),
        ({"preparation": Preparation(side=32, fit="pad", bit_depth=12)}, r"\(fit stretch, not pad; bit_depth None, no"),
        ({"classes": ["class_1", "class_0"]}, r"\(classes class_0, class_1, not class_1, class_0\)"),
    ],
)
def test_photos_that_were_made_otherwise_are_refused(workspace, changes, message):
    write_arrays(COUNTS)

    with pytest.raises(PipelineError, match=f"data/arrays holds others {message}.*`dvc checkout`"):
        load_quantising(make_description("one", **{"preparation": PREPARATION, "classes": CLASSES, **changes}))


def test_the_photos_are_those_of_train_and_test(workspace):
    write_arrays(COUNTS)

    photos = load_quantising(make_description("one", preparation=PREPARATION, classes=CLASSES))

    np.testing.assert_array_equal(photos.calibration, np.load("data/arrays/train/images.npy"))
    np.testing.assert_array_equal(photos.images, np.load("data/arrays/test/images.npy"))
    np.testing.assert_array_equal(photos.labels, [0, 1, 0, 1, 0, 1])
    assert photos.fingerprint == f"{len('train'):016x}"


def test_how_far_it_lies_off_is_counted_on_test_photos():
    measured = measure_quantised(say(0.9, 0.2, 0.4, 0.8, 0.1), say(0.9, 0.2, 0.6, 0.8, 0.1), PHOTOS)

    assert describe_quantised(measured) == {
        "calibration_photos": 7,
        "train_set": "0" * 16,
        "photos": 5,
        "mean_difference": 0.04,
        "largest_difference": 0.2,
        "equal_decisions": 0.8,
        "accuracy": 1.0,
        "float32_accuracy": 0.8,
    }


def test_a_network_that_does_not_stand_int8_is_refused():
    with pytest.raises(
        PipelineError, match=r"5 test photos differ by 0\.12 in the mean, at most 0\.1 \(accuracy 1.*80\.00%"
    ):
        measure_quantised(say(0.9, 0.2, 0.4, 0.8, 0.1), say(0.3, 0.2, 0.4, 0.8, 0.1), PHOTOS)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A project with a model, its arrays, and an export in int8 that a command wrote; beside it one of another run."""
    pytest.importorskip("nncf")
    folder = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        Path("models").mkdir()
        write_tiny_ensemble(Path("models/ensemble.h5"))
        write_arrays({"train": 40, "validation": 4, "test": 30}, side=48)
        Path("data/arrays/classes.json").write_text('["cat", "dog"]', encoding="utf-8")
        yield folder


@pytest.fixture
def exported(home, monkeypatch):
    monkeypatch.chdir(home)
    if not Path("exports").exists():
        classifier = load("models/ensemble.h5", "keras")
        quantising = load_quantising(classifier.description)
        given = ("image", "uint8", [], None, Path("exports"), quantising)
        (done,) = export_model(classifier, ["openvino"], *given)
        assert done.problem is None
        assert done.measured.network < 1e-4
    return Path("exports/ensemble/openvino_int8")


@pytest.mark.extra
def test_the_export_says_how_far_it_lies_off_the_model(exported):
    contract = json.loads((exported / "contract.json").read_text(encoding="utf-8"))
    images = np.load("data/arrays/test/images.npy")
    model = load("models/ensemble.h5", "keras").predict_images(images).probabilities
    difference = np.abs(ask_openvino(exported)(images).probabilities - model).max(axis=1)
    told = contract["quantisation"]

    assert contract["precision"] == "int8"
    assert (told["calibration_photos"], told["photos"], told["train_set"]) == (40, 30, f"{len('train'):016x}")
    assert told["mean_difference"] == pytest.approx(difference.mean(), rel=1e-3)
    assert told["largest_difference"] == pytest.approx(difference.max(), rel=1e-3)
    assert 1e-5 < told["mean_difference"] < told["largest_difference"] < 0.1
    words = (exported / "README.md").read_text(encoding="utf-8")
    assert f"{told['mean_difference']:.1e} in the mean" in words
    assert "40 photos of the train split" in words


@pytest.mark.extra
def test_the_golden_answers_are_the_exports_own(exported):
    expected = json.loads((exported / "golden" / "expected.json").read_text(encoding="utf-8"))
    said = ask_openvino(exported)(np.load(exported / "golden" / "prepared.npy"))

    np.testing.assert_allclose(said.probabilities, [*expected["probabilities"].values()], atol=1e-6)
    np.testing.assert_allclose(said.novelty, [*expected["novelty"].values()], rtol=1e-5)


@pytest.mark.extra
def test_backbones_are_quantised_as_embed_does_it_and_what_follows_is_not(exported):
    images, train = (np.load(f"data/arrays/{split}/images.npy") for split in ("test", "train"))
    ensemble = load("models/ensemble.h5", "keras").model
    meta_model, logits = ensemble.get_layer("meta_model"), {}
    for label in ("first", "second"):
        member = ensemble.get_layer(f"member_{label}")
        backbone = keras.Model(member.inputs[0], member.get_layer("pool").output, name=f"{label}_backbone")
        settings = make_inference(engine="openvino", precision="int8")
        embedding = compile_predictor(backbone, settings, {label: images.dtype}, {label: train})
        logits[label] = member.get_layer("head")(embedding.predict({label: images}))
    wanted = keras.ops.sigmoid(meta_model([logits[tensor.name] for tensor in meta_model.inputs]))

    received = ask_openvino(exported)(images).probabilities[:, 1:]

    np.testing.assert_allclose(received, keras.ops.convert_to_numpy(wanted), atol=1e-4)
    outputs = openvino.Core().read_model(exported / "model.xml").outputs
    assert sorted(output.get_any_name() for output in outputs) == ["novelty", "probabilities"]


@pytest.mark.extra
def test_the_command_gives_equal_files_each_time_and_says_what_it_measured(home, monkeypatch):
    monkeypatch.chdir(home)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # these are set by the command, and taken back after the test
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    command = ["export", "openvino", "--precision", "int8", "--inputs", "members", "--output"]

    first, second = (CliRunner().invoke(app, [*command, folder]) for folder in ("once", "again"))

    assert (first.exit_code, second.exit_code) == (0, 0), first.stderr
    lines = first.stdout.splitlines()
    assert len(lines) == 2
    assert lines[0].endswith(": once/ensemble/openvino_int8")
    assert lines[1].startswith("in int8    30 test photos: accuracy ")
    once, again = (Path(folder) / "ensemble/openvino_int8" for folder in ("once", "again"))
    for name in ("model.bin", "contract.json", "README.md", "golden/expected.json"):
        assert (once / name).read_bytes() == (again / name).read_bytes(), name
