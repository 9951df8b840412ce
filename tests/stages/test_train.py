"""The stage itself, on a few small images.

Every network is real, and of the architecture with the fewest layers: what takes long here is that Keras traces them.
"""

import contextlib
import importlib
import shutil
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from helpers import write_arrays, write_edited

from stacker.artifacts.arrays import load_classes, load_groups, load_images, load_labels
from stacker.artifacts.curves import read_history
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.features import load_features, write_provenance
from stacker.artifacts.logits import compute_probabilities
from stacker.artifacts.predictions import Predictions, load_predictions
from stacker.settings.inference import load_inference
from stacker.settings.members import load_member
from stacker.splits.held_out import plan_fits
from stacker.training.choosing import choose_trainer
from stacker.training.member_data import load_member_data

COUNTS = {"train": 24, "validation": 8, "test": 8}
OUTPUTS = [Path("models/members/pet.h5"), Path("data/predictions/members/pet.npz"), Path("plots/curves/pet.csv")]
HOLDOUT = {"stacking.fit_on": "holdout"}
FINE_TUNE = {"layers": 3, "epochs": 1, "learning_rate": 0.0001}


def configure(changes: dict[str, Any] | None = None) -> None:
    """Write params.yaml: one member called `pet`."""
    member = {"backbone": "VGG16", "head": {"standardize": True}}
    write_edited({"members": {"pet": member}, "meta_models": {}, "training.epochs": 3, **(changes or {})})


def call(stage: str) -> None:
    keras.utils.clear_session()  # as a new process would: Keras numbers the names that it makes up
    importlib.import_module(f"stages.{stage}").main("pet")


@pytest.fixture(scope="module")
def embedded(tmp_path_factory) -> Path:
    """A folder with arrays and features of `pet`, for tests to copy; there is no test label for `train` to read."""
    folder = tmp_path_factory.mktemp("embedded")
    with contextlib.chdir(folder):
        write_arrays(COUNTS)
        Path("data/arrays/test/labels.npy").rename("test_labels.npy")
        Path("data/code").mkdir()
        Path("data/code/train.txt").write_text("module stages.train 0123\n", encoding="ascii")
        configure()
        call("embed")
    return folder


@pytest.fixture(scope="module")
def out_of_fold(embedded, tmp_path_factory) -> Path:
    """A folder in which `pet` is trained, for tests to read."""
    folder = tmp_path_factory.mktemp("out_of_fold")
    shutil.copytree(embedded / "data", folder / "data")
    with contextlib.chdir(folder):
        configure()
        call("train")
    return folder


@pytest.fixture
def train(embedded, workspace):
    """Train `pet` with some settings changed."""

    def run(changes: dict[str, Any] | None = None) -> Predictions:
        if not Path("data").exists():
            shutil.copytree(embedded / "data", "data")
        configure(changes)
        call("train")
        return load_predictions("pet")

    return run


def predict_saved(split: str) -> np.ndarray:
    model = keras.models.load_model("models/members/pet.h5", compile=False)
    return keras.ops.convert_to_numpy(model({"pet": load_images(split).astype(np.float32)}, training=False))


def assert_saved_model_gives(predictions: Predictions) -> None:
    for split in COUNTS:
        received = compute_probabilities(getattr(predictions, split))
        np.testing.assert_allclose(received, predict_saved(split), atol=1e-4)


def refit(rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Fit the member anew on `rows` alone, all other training rows destroyed first, and predict `predicted`."""
    data = load_member_data("pet", has_features=True)
    labels, features = (np.array(part["train"]) for part in (data.labels, data.features))
    others = np.setdiff1d(np.arange(len(labels)), rows)
    features_seen = features.copy()
    features_seen[others], labels[others] = np.nan, 0
    seen = data._replace(features={**data.features, "train": features_seen}, labels={**data.labels, "train": labels})
    fitted = choose_trainer("pet", load_member("pet"), seen, load_inference()).fit(rows)
    return keras.ops.convert_to_numpy(fitted.head(features[predicted], training=False))


def test_train_oof_predicts_every_row_by_a_model_that_never_saw_it(out_of_fold, monkeypatch):
    monkeypatch.chdir(out_of_fold)
    predictions = load_predictions("pet")

    assert predictions.held_out_rows.tolist() == list(range(24))
    assert not predictions.is_leaked
    plan = plan_fits("oof", load_labels("train"), load_groups("train"), 2, 0.25, 0, load_classes())
    for number, fold in enumerate(plan.folds):
        assert np.flatnonzero(predictions.held_out_fold == number).tolist() == fold.predict.tolist()
    fold = plan.folds[1]
    np.testing.assert_allclose(predictions.held_out[fold.predict], refit(fold.learn, fold.predict), atol=1e-6)
    assert not np.array_equal(predictions.held_out, predictions.train)


def test_train_writes_what_the_saved_model_gives_for_every_split(out_of_fold, monkeypatch):
    monkeypatch.chdir(out_of_fold)
    predictions = load_predictions("pet")

    assert_saved_model_gives(predictions)
    assert read_history("pet")["phase"] == ["head"] * 3
    assert predictions.initial_test.shape == (0, 1)
    assert not predictions.is_balanced


def test_train_is_bit_identical_when_repeated(out_of_fold, train):
    train()

    for path in OUTPUTS:
        assert path.read_bytes() == (out_of_fold / path).read_bytes()


def test_train_holdout_predicts_rows_that_the_saved_model_never_saw(train):
    predictions = train({**HOLDOUT, "training.initial_scores": True})

    rows = predictions.held_out_rows
    assert len(rows) == 6
    assert not predictions.is_leaked
    learnt = np.setdiff1d(np.arange(24), rows)
    np.testing.assert_allclose(predictions.held_out, refit(learnt, rows), atol=1e-6)
    received = compute_probabilities(predictions.held_out)
    np.testing.assert_allclose(predict_saved("train")[rows], received, atol=1e-4)
    assert predictions.initial_test.shape == predictions.test.shape
    assert not np.array_equal(predictions.initial_test, predictions.test)


def test_train_takes_the_precision_that_auto_chose_from_the_features(embedded, train):
    shutil.copytree(embedded / "data", "data")
    write_provenance(Path("data/features/pet"), engine="openvino", precision="bfloat16")

    predictions = train({**HOLDOUT, "inference.precision": "auto"})

    assert predictions.precision == "bfloat16"  # on any CPU: the head, which is all that runs here, is in float32


def test_train_keeps_what_the_saved_file_gives_where_the_features_came_through_int8(embedded, train):
    shutil.copytree(embedded / "data", "data")
    write_provenance(Path("data/features/pet"), engine="openvino", precision="int8")

    predictions = train({**HOLDOUT, "inference.precision": "int8"})

    assert predictions.precision == "int8"
    np.testing.assert_array_equal(predictions.saved_rows, np.arange(COUNTS["test"]))
    np.testing.assert_allclose(predictions.saved_test, predict_saved("test"), atol=1e-4)


def test_train_assembles_a_network_that_it_does_not_train_in_the_precision_of_its_features(train):
    predictions = train({**HOLDOUT, "training.precision": "mixed_bfloat16"})

    assert predictions.precision == "float32"
    assert_saved_model_gives(predictions)


def test_train_on_its_own_rows_is_flagged_as_leaked_and_learns(train, embedded):
    predictions = train({"stacking.fit_on": "train", "training.epochs": 40})

    assert predictions.is_leaked
    assert set(predictions.held_out_fold) == {-1}
    np.testing.assert_array_equal(predictions.held_out, predictions.train)
    labels = np.load(embedded / "test_labels.npy")
    assert ((predictions.test[:, 0] > 0) == labels).mean() >= 0.75


def test_train_gives_a_softmax_of_three_classes(workspace, train):
    write_arrays(COUNTS, classes=3)
    configure()
    call("embed")

    predictions = train(HOLDOUT)

    assert predictions.test.shape == (8, 3)
    assert predictions.held_out.shape == (6, 3)
    np.testing.assert_allclose(compute_probabilities(predictions.test).sum(axis=1), 1, atol=1e-5)
    assert not np.allclose(predictions.test.sum(axis=1), 1)  # logits


def test_train_a_trainable_backbone_from_the_start_on_augmented_images(train):
    training = {"epochs": 1, "learning_rate": 0.0001, "class_weights": "balanced"}
    changes = {f"training.{key}": value for key, value in training.items()}
    changes |= {"training.augmentation": {"horizontal_flip": True, "shift": 0.1}, "members.pet.head": {}}

    predictions = train({**HOLDOUT, **changes, "backbone.trainable": True})

    assert read_history("pet")["phase"] == ["all"]
    assert predictions.is_balanced
    assert_saved_model_gives(predictions)
    names = [layer.name for layer in keras.models.load_model("models/members/pet.h5", compile=False).layers]
    assert names == ["pet", "scale_pixels", "network", "pool", "head", "probabilities"]


def test_train_fine_tunes_from_kept_activations(train, capsys):
    predictions = train({**HOLDOUT, "training.fine_tune": FINE_TUNE})

    assert "pet: fine-tuning from kept activations, " in capsys.readouterr().out
    assert read_history("pet")["phase"] == ["head"] * 3 + ["fine_tune"]
    assert_saved_model_gives(predictions)
    assert sorted(path.name for path in Path("data").iterdir()) == ["arrays", "code", "features", "predictions"]
    assert not any(Path(".checkpoints").iterdir())


def test_train_needs_disk_for_activations_and_says_so_before_it_trains(train, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**30, 2**30 - 2**12, 2**12))

    with pytest.raises(PipelineError, match=r"pet: .*set `training\.fine_tune\.keep_activations: false`"):
        train({**HOLDOUT, "training.fine_tune": FINE_TUNE})

    assert not any(path.exists() for path in OUTPUTS)


def test_train_notices_features_of_other_weights(embedded, train):
    shutil.copytree(embedded / "data", "data")
    np.save("data/features/pet/validation.npy", np.array(load_features("pet", "validation")) + 3)

    with pytest.raises(PipelineError, match=r"pet: the assembled model differs .*dvc repro --force embed@pet"):
        train({**HOLDOUT, "training.epochs": 1})
