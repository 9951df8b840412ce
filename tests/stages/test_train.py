"""The stage itself, on a few small images; every network is real."""

import csv
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from helpers import write_arrays, write_edited

from stacker.artifacts.arrays import load_groups, load_images, load_labels
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.features import load_features
from stacker.artifacts.predictions import Predictions, load_predictions
from stacker.settings.reading import load_member
from stacker.splits.held_out import plan_fits
from stacker.training.member_training import MemberTrainer
from stages.train import load_data

COUNTS = {"train": 24, "validation": 8, "test": 8}
HEAD = {"standardize": True}


def train(run_stage, changes: dict[str, Any] | None = None, classes: int = 2, counts=COUNTS) -> Predictions:
    """Run embed and train for one member called `pet`."""
    write_arrays(counts, classes)
    member = {"backbone": "MobileNetV3Small", "head": {**HEAD}}
    write_edited({"members": {"pet": member}, "stacking.meta_models": {}, "training.epochs": 3, **(changes or {})})
    run_stage("embed", "pet")
    run_stage("train", "pet")
    return load_predictions("pet")


def predict_saved(split: str) -> np.ndarray:
    model = keras.models.load_model("models/members/pet.h5", compile=False)
    return keras.ops.convert_to_numpy(model({"pet": load_images(split).astype(np.float32)}, training=False))


def read_phases() -> list[str]:
    with Path("plots/curves/pet.csv").open(newline="", encoding="utf-8") as stream:
        return [line["phase"] for line in csv.DictReader(stream)]


def refit(rows: np.ndarray, predicted: np.ndarray) -> np.ndarray:
    """Fit the member anew on `rows` alone, all other training rows destroyed first, and predict `predicted`."""
    member, settings = load_member("pet")
    data = load_data("pet", has_features=True)
    images, labels, features = (np.array(part["train"]) for part in (data.images, data.labels, data.features))
    others = np.setdiff1d(np.arange(len(labels)), rows)
    features_seen = features.copy()
    features_seen[others], labels[others] = np.nan, 0
    seen = data._replace(features={**data.features, "train": features_seen}, labels={**data.labels, "train": labels})
    trainer = MemberTrainer("pet", member, seen, settings.inference)
    fitted = trainer.fit(rows)
    return keras.ops.convert_to_numpy(fitted.head(features[predicted], training=False))


def test_train_oof_predicts_every_row_by_a_model_that_never_saw_it(workspace, run_stage):
    predictions = train(run_stage)

    assert predictions.held_out_rows.tolist() == list(range(24))
    assert not predictions.is_leaked
    plan = plan_fits("oof", load_labels("train"), load_groups("train"), 2, 0.25, 0)
    for number, fold in enumerate(plan.folds):
        assert np.flatnonzero(predictions.held_out_fold == number).tolist() == fold.predict.tolist()
        np.testing.assert_allclose(predictions.held_out[fold.predict], refit(fold.learn, fold.predict), atol=1e-6)
    assert not np.array_equal(predictions.held_out, predictions.train)


def test_train_writes_what_the_saved_model_gives_for_every_split(workspace, run_stage):
    predictions = train(run_stage)

    for split in ("train", "validation", "test"):
        np.testing.assert_allclose(getattr(predictions, split), predict_saved(split), atol=1e-4)
    assert read_phases() == ["head"] * 3
    assert len(predictions.initial_test) == 0


def test_train_is_bit_identical_when_repeated(workspace, run_stage):
    train(run_stage)
    paths = [Path("models/members/pet.h5"), Path("data/predictions/pet.npz"), Path("plots/curves/pet.csv")]

    contents = []
    for _ in range(2):
        keras.utils.clear_session()  # as a new process would: Keras numbers the names that it makes up
        run_stage("train", "pet")
        contents.append([path.read_bytes() for path in paths])

    assert contents[0] == contents[1]


def test_train_holdout_predicts_rows_that_the_saved_model_never_saw(workspace, run_stage):
    predictions = train(run_stage, {"stacking.fit_on": "holdout"})

    rows = predictions.held_out_rows
    assert len(rows) == 6
    assert not predictions.is_leaked
    learnt = np.setdiff1d(np.arange(24), rows)
    np.testing.assert_allclose(predictions.held_out, refit(learnt, rows), atol=1e-6)
    np.testing.assert_allclose(predict_saved("train")[rows], predictions.held_out, atol=1e-4)


def test_train_on_its_own_rows_is_flagged_as_leaked(workspace, run_stage):
    predictions = train(run_stage, {"stacking.fit_on": "train"})

    assert predictions.is_leaked
    assert set(predictions.held_out_fold) == {-1}
    np.testing.assert_array_equal(predictions.held_out, predictions.train)


def test_train_gives_a_softmax_of_three_classes(workspace, run_stage):
    predictions = train(run_stage, {"training.epochs": 10}, classes=3)

    assert predictions.test.shape == (8, 3)
    assert predictions.held_out.shape == (24, 3)
    np.testing.assert_allclose(predictions.test.sum(axis=1), 1, atol=1e-5)


def test_train_learns(workspace, run_stage):
    predictions = train(run_stage, {"training.epochs": 40})

    labels = load_labels("test")
    assert ((predictions.test[:, 0] > 0.5) == labels).mean() >= 0.75


def test_train_a_trainable_backbone_from_the_start(workspace, run_stage):
    predictions = train(
        run_stage,
        {
            "backbone.trainable": True,
            "training.initial_scores": True,
            "members": {"pet": {"backbone": "MobileNetV3Small"}},
            "stacking.fit_on": "holdout",
            "training.epochs": 1,
        },
    )

    assert read_phases() == ["all"]
    assert predictions.initial_test.shape == (8, 1)
    assert not np.array_equal(predictions.initial_test, predictions.test)
    np.testing.assert_allclose(predictions.test, predict_saved("test"), atol=1e-4)


def test_train_fine_tunes_after_the_head_on_augmented_images(workspace, run_stage):
    predictions = train(
        run_stage,
        {
            "training.fine_tune": {"layers": 4, "epochs": 1, "learning_rate": 0.01},
            "training.augmentation": {"horizontal_flip": True, "shift": 0.1},
            "training.class_weights": "balanced",
            "training.epochs": 1,
            "stacking.fit_on": "holdout",
        },
    )

    assert read_phases() == ["head", "fine_tune"]
    np.testing.assert_allclose(predictions.test, predict_saved("test"), atol=1e-4)
    names = [layer.name for layer in keras.models.load_model("models/members/pet.h5", compile=False).layers]
    assert names == ["pet", "scale_pixels", "network", "pool", "head"]


def test_train_writes_scores_before_training_where_asked_for(workspace, run_stage):
    predictions = train(run_stage, {"training.initial_scores": True, "stacking.fit_on": "holdout"})

    assert predictions.initial_test.shape == predictions.test.shape
    assert not np.array_equal(predictions.initial_test, predictions.test)


def test_train_notices_features_of_other_weights(workspace, run_stage):
    train(run_stage, {"stacking.fit_on": "holdout"})
    path = Path("data/features/pet/validation.npy")
    np.save(path, np.array(load_features("pet", "validation")) + 3)

    with pytest.raises(PipelineError, match=r"pet: the assembled model differs .*dvc repro --force embed@pet"):
        run_stage("train", "pet")
