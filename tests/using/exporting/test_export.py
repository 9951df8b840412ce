"""`stacker export` as a whole, on an ensemble of a few hundred weights."""

import json
import re
import zipfile
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from tiny_models import write_tiny_ensemble
from typer.testing import CliRunner

from stacker.artifacts.errors import PipelineError
from stacker.cli import app
from stacker.using.classifier import load
from stacker.using.exporting import export
from stacker.using.exporting.keras_format import write_keras
from stacker.using.exporting.running import run_example
from stacker.using.exporting.serving_model import build_serving_model

pytestmark = pytest.mark.thorough

PLAIN = ["keras", "savedmodel", "openvino"]
DRAWN = ["wide.jpg", "large.jpg", "turned.jpg", "transparent.png", "deep.png"]
LINE = re.compile(
    r"(\w+) +[\d.]+ MB, largest difference ([\de.-]+) from the file on, ([\de.-]+) in the network alone, "
    r"[\d.]+ ms a photo: (\S+)"
)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with the model and its exports in the formats that need no extra, and what the command printed."""
    folder = tmp_path_factory.mktemp("home")
    (folder / "models").mkdir()
    write_tiny_ensemble(folder / "models" / "ensemble.h5", background=[0, 90, 200])
    return folder


@pytest.fixture(scope="module")
def exported(home):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        classifier = load("models/ensemble.h5", "keras")
        return {
            one.name: one
            for one in export.export_model(classifier, PLAIN, "image", "uint8", [], "# card\n", Path("exports"))
        }


@pytest.fixture
def classifier(home):
    return load(home / "models" / "ensemble.h5", "keras")


@pytest.mark.parametrize("name", PLAIN)
def test_the_example_gives_what_the_model_says(name, exported):
    assert exported[name].problem is None
    assert exported[name].measured.from_files < 1e-5
    assert exported[name].measured.network < 1e-5


@pytest.mark.parametrize("name", PLAIN)
def test_an_export_holds_all_that_it_takes(name, exported, home):
    folder = home / exported[name].folder
    contract = json.loads((folder / "contract.json").read_text(encoding="utf-8"))
    expected = json.loads((folder / "golden" / "expected.json").read_text(encoding="utf-8"))

    assert {path.name for path in folder.iterdir()} - {"model.bin"} == {
        "contract.json", "README.md", "MODEL_CARD.md", "example.py", "golden", contract["file"],
    }  # fmt: skip
    assert (contract["classes"], contract["inputs"], contract["dtype"]) == (["cat", "dog"], ["image"], "uint8")
    assert contract["preparation"]["background"] == [0, 90, 200]
    assert contract["thresholds"] == {
        "sets": {"0.9": 0.75, "0.95": 0.5, "0.99": 0.125},
        "level": "0.95",
        "novelty": 3.0,
    }
    assert 0 < contract["preparation"]["jpeg_effect"] < 0.1
    assert list(expected["probabilities"]) == DRAWN
    assert np.ptp(list(expected["probabilities"].values()), axis=0).min() > 0.05
    assert {path.name for path in (folder / "golden").iterdir()} == {*DRAWN, "expected.json", "prepared.npy"}
    assert exported[name].size > 5000
    assert (folder / "golden").stat().st_mode == folder.stat().st_mode


def test_the_words_say_what_the_contract_says(exported, home):
    words = (home / exported["keras"].folder / "README.md").read_text(encoding="utf-8")

    for part in ("`cat` and `dog`", "One image, `image`, uint8", "(photos, 48, 48, 3)", "(0, 90, 200)", "1.5 x 48 px",
                 "its\n   shorter side", "It is stretched", "`INTER_CUBIC`", "95% have their right class",
                 "at least 0.5,", "novelty is above 3,", "pip install keras numpy"):  # fmt: skip
        assert part in words, part
    assert "{" not in words


def test_keras_reads_the_export_and_gives_names(exported, home):
    model = keras.models.load_model(home / exported["keras"].folder / "model.keras", compile=False)

    assert [(tensor.name, tensor.dtype) for tensor in model.inputs] == [("image", "uint8")]
    assert sorted(model.output_names) == ["novelty", "probabilities"]


def test_a_keras_file_is_the_same_each_time(classifier, tmp_path):
    for name in ("once", "again"):
        (tmp_path / name).mkdir()
        write_keras(build_serving_model(classifier.model, classifier.description, "image", "uint8"), tmp_path / name)

    first, second = ((tmp_path / name / "model.keras") for name in ("once", "again"))
    assert first.read_bytes() == second.read_bytes()
    with zipfile.ZipFile(first) as file:
        assert {entry.date_time for entry in file.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert json.loads(file.read("metadata.json"))["date_saved"] == "1980-01-01@00:00:00"
    assert [path.name for path in first.parent.iterdir()] == ["model.keras"]


def test_a_changed_answer_is_found_from_the_file_on(exported, home, tmp_path):
    folder = home / exported["openvino"].folder
    photo = folder / "golden" / "wide.jpg"
    whole = photo.read_bytes()
    photo.write_bytes((folder / "golden" / "turned.jpg").read_bytes())
    try:
        with pytest.raises(PipelineError, match="from the file on"):
            run_example(folder)
    finally:
        photo.write_bytes(whole)


@pytest.mark.parametrize("key", ["probabilities", "novelty"])
def test_a_changed_answer_is_found_in_the_network(exported, home, key):
    path = home / exported["openvino"].folder / "golden" / "expected.json"
    whole = path.read_text(encoding="utf-8")
    expected = json.loads(whole)
    row = expected[key]["wide.jpg"]
    expected[key]["wide.jpg"] = row * 1.01 if key == "novelty" else [row[0] - 3e-4, row[1] + 3e-4]
    path.write_text(json.dumps(expected), encoding="utf-8")
    try:
        with pytest.raises(PipelineError, match="a novelty" if key == "novelty" else "in the network alone"):
            run_example(path.parents[1])
    finally:
        path.write_text(whole, encoding="utf-8")


def test_an_export_that_fails_leaves_the_old_one_and_stops_no_other(classifier, monkeypatch, tmp_path):
    calls = []

    def fail_once(folder):
        calls.append(folder)
        if len(calls) == 1:
            raise PipelineError("it differs")
        return export.Measured(0.0, 0.0, 0.0, 1.0)

    monkeypatch.setattr(export, "run_example", fail_once)
    old = tmp_path / "ensemble" / "keras" / "old.txt"
    old.parent.mkdir(parents=True)
    old.touch()

    keras_one, openvino_one = export.export_model(
        classifier, ["keras", "openvino"], "members", "float32", [], None, tmp_path
    )

    assert (keras_one.problem, keras_one.measured) == ("it differs", None)
    assert [path.name for path in old.parent.iterdir()] == ["old.txt"]
    assert openvino_one.problem is None
    contract = json.loads((tmp_path / "ensemble" / "openvino" / "contract.json").read_text(encoding="utf-8"))
    assert (sorted(contract["inputs"]), contract["dtype"]) == (["first", "second"], "float32")
    assert sorted(path.name for path in (tmp_path / "ensemble").iterdir()) == ["keras", "openvino"]


def stretch(pixels: np.ndarray, how: int = cv2.INTER_AREA) -> np.ndarray:
    return cv2.resize(pixels, (48, 48), interpolation=how)


WRONG = {
    "red and blue mixed up": lambda path: stretch(cv2.imread(str(path))),
    "shrunk by skipping pixels": lambda path: stretch(cv2.imread(str(path)), cv2.INTER_LINEAR)[..., ::-1],
    "the centre alone": lambda path: stretch(cv2.imread(str(path))[8:-8, 8:-8])[..., ::-1],
    "not turned": lambda path: stretch(cv2.imread(str(path), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION))[
        ..., ::-1
    ],
}


@pytest.mark.parametrize("name", WRONG)
def test_the_drawn_photos_tell_a_wrong_preparation(name, classifier, exported, home):
    golden = home / exported["keras"].folder / "golden"
    expected = json.loads((golden / "expected.json").read_text(encoding="utf-8"))["probabilities"]

    images = np.stack([WRONG[name](golden / photo) for photo in DRAWN])
    received = classifier.predict_images(images).probabilities

    assert np.abs(received - [expected[photo] for photo in DRAWN]).max() > 2e-3


def test_a_golden_photo_that_cannot_be_read_is_named(classifier, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no image")

    with pytest.raises(PipelineError, match=r"golden photo 1_broken\.jpg cannot be read: it is no image"):
        next(
            export.export_model(
                classifier, ["keras"], "image", "uint8", [tmp_path / "broken.jpg"], None, tmp_path / "out"
            )
        )
    assert not (tmp_path / "out").exists()


def test_the_command_prints_a_line_a_format(home, exported, monkeypatch):
    monkeypatch.chdir(home)
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")  # these are set by the command, and taken back after the test
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "2")
    golden = home / exported["keras"].folder / "golden"
    photos = ["--golden", f"{golden}/turned.jpg", "--golden", f"{golden}/deep.p*"]

    result = CliRunner().invoke(
        app,
        [
            "export",
            "openvino",
            "openvino",
            "--inputs",
            "members",
            "--input-dtype",
            "float32",
            "--output",
            "out",
            *photos,
        ],
    )

    assert result.exit_code == 0, result.stderr
    (line,) = result.stdout.splitlines()
    found = LINE.fullmatch(line)
    assert (found[1], found[4]) == ("openvino", "out/ensemble/openvino")
    golden = home / "out" / "ensemble" / "openvino" / "golden"
    expected = json.loads((golden / "expected.json").read_text(encoding="utf-8"))["probabilities"]
    assert list(expected) == [*DRAWN, "1_turned.jpg", "2_deep.png"]
    assert expected["2_deep.png"] == expected["deep.png"]
    assert {path.name for path in golden.iterdir()} == {*expected, "expected.json", "prepared.npy"}
    assert "no model card goes along: metrics/details/leaderboard.json is missing" in result.stderr
