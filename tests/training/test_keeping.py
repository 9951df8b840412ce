"""Which weights a fit keeps: of the best epoch of all phases, by a validation loss that counts every class the same."""

import keras
import numpy as np
import pytest
from helpers import make_inference, make_member

from stacker.artifacts.curves import Epoch
from stacker.training.choosing import choose_trainer
from stacker.training.class_weights import compute_class_weights
from stacker.training.fitting import fit_model
from stacker.training.head_predictions import predict_features
from stacker.training.kept_epoch import choose_kept
from stacker.training.member_data import MemberData
from stacker.training.trainer import Trainer

ROWS = np.array([0, 1, 2, 3, 5, 6, 8, 11])
RUINOUS = {"layers": "conv_1", "epochs": 2, "learning_rate": 30.0, "batch_norm": "trained"}
GENTLE = {**RUINOUS, "learning_rate": 0.02}
WAYS = {
    "activations": {},
    "images": {"keep_activations": False},
    "augmented": {"augmentation": {"horizontal_flip": True}},
}


def make_trainer(data: MemberData, way: str, fine_tune, **training) -> Trainer:
    """With SGD, whose step from a ruinous rate is as large as it sounds."""
    changes = dict(WAYS[way])
    augmentation = changes.pop("augmentation", None)
    member = make_member(
        epochs=2,
        optimizer="sgd",
        augmentation=augmentation,
        fine_tune=fine_tune and {**fine_tune, **changes},
        **{"patience": 3, **training},
    )
    return choose_trainer("pet", member, data, make_inference())


def watched_loss(trainer: Trainer, fitted) -> float:
    """The validation loss of the member as it was handed out."""
    images = trainer.data.images["validation"].astype(np.float32)
    predicted = trainer.assemble(fitted)(images, training=False)
    loss = keras.losses.BinaryCrossentropy(from_logits=True)(
        trainer.data.labels["validation"][:, np.newaxis], predicted
    )
    return float(keras.ops.convert_to_numpy(loss))


@pytest.mark.parametrize("way", WAYS)
def test_fine_tuning_that_makes_a_member_worse_is_thrown_away(way, small_data, small_backbone, capsys):
    trainer = make_trainer(small_data, way, RUINOUS)
    fitted = trainer.fit(ROWS)

    losses = [epoch.val_loss for epoch in fitted.history]
    assert [epoch.phase for epoch in fitted.history] == ["head"] * 2 + ["fine_tune"] * 2
    assert fitted.history[fitted.kept].phase == "head"
    assert watched_loss(trainer, fitted) == pytest.approx(min(losses), rel=1e-4)
    assert f"best validation loss {min(losses[2:]):.4f}, before it {min(losses[:2]):.4f}" in capsys.readouterr().out
    (received,) = trainer.predict(fitted, ("test", None))
    whole = trainer.assemble(fitted)(small_data.images["test"].astype(np.float32), training=False)
    np.testing.assert_allclose(received, keras.ops.convert_to_numpy(whole), atol=1e-5)
    fresh, kept = (trainer.assemble(member).get_layer("network") for member in (trainer.build(ROWS), fitted))
    for first, second in zip(fresh.get_weights(), kept.get_weights(), strict=True):  # batch-norm statistics too
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("way", WAYS)
def test_fine_tuning_that_helps_is_kept(way, small_data, small_backbone, capsys):
    trainer = make_trainer(small_data, way, GENTLE)

    fitted = trainer.fit(ROWS)

    assert fitted.history[fitted.kept].phase == "fine_tune"
    assert watched_loss(trainer, fitted) == pytest.approx(fitted.history[fitted.kept].val_loss, rel=1e-4)
    assert "thrown away" not in capsys.readouterr().out


def test_without_patience_the_last_weights_are_kept_however_bad(small_data, small_backbone, capsys):
    trainer = make_trainer(small_data, "activations", RUINOUS, patience=None)

    fitted = trainer.fit(ROWS)

    assert fitted.kept == 3
    assert watched_loss(trainer, fitted) == pytest.approx(fitted.history[3].val_loss, rel=1e-4)
    assert fitted.history[3].val_loss > min(epoch.val_loss for epoch in fitted.history)
    assert "thrown away" not in capsys.readouterr().out


@pytest.mark.parametrize(("patience", "kept"), [(2, 1), (None, 3)])
def test_the_first_of_equally_good_epochs_is_kept(patience, kept):
    history = tuple(Epoch(number, "head", 1, 1, 1, loss, 1) for number, loss in enumerate([0.5, 0.3, 0.4, 0.3]))

    assert choose_kept(history, patience) == kept


def make_rare(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of which the first few tell the class a little; every fiftieth row is of the second class."""
    labels = (np.arange(count) % 50 == 0).astype(np.int64)
    features = np.random.default_rng(seed).normal(size=(count, 40)) + 0.7 * labels[:, np.newaxis] * (np.arange(40) < 5)
    return features.astype(np.float32), labels


UNSEEN = make_rare(3000, 2)


@pytest.fixture(scope="module")
def rare_data() -> MemberData:
    """2 % of the rows are of the second class; the images are there for their size alone."""
    drawn = {split: make_rare(n, seed) for seed, (split, n) in enumerate({"train": 1500, "validation": 1000}.items())}
    features, labels = ({split: rows[part] for split, rows in drawn.items()} for part in (0, 1))
    return MemberData({"train": np.empty((0, 32, 32, 3), np.uint8)}, labels, features, 2)


def fit_rare(data: MemberData):
    """A head with balanced class weights, and its logits of the validation split and of 3,000 unseen rows."""
    member = make_member(head={"hidden": [16]}, epochs=30, batch_size=64, patience=6, class_weights="balanced")
    trainer = choose_trainer("pet", member, data, make_inference())
    fitted = trainer.fit(np.arange(1500))
    return fitted, predict_features(fitted.head, data.features["validation"]), predict_features(fitted.head, UNSEEN[0])


def compute_recall(predicted: np.ndarray) -> float:
    return float((predicted[UNSEEN[1] == 1, 0] > 0).mean())


def test_the_rare_class_has_its_say_in_when_a_fit_stops(rare_data, monkeypatch):
    fitted, watched, unseen = fit_rare(rare_data)
    labels = rare_data.labels["validation"]
    losses = np.logaddexp(0, np.where(labels == 1, -1, 1) * watched[:, 0])
    assert fitted.history[fitted.kept].val_loss == pytest.approx(
        np.mean(losses * compute_class_weights(labels)), rel=1e-4
    )

    def watch_all_rows_the_same(model, train, validation, *arguments):
        validation.weights = None
        return fit_model(model, train, validation, *arguments)

    monkeypatch.setattr("stacker.training.phase_fits.fit_model", watch_all_rows_the_same)
    longer, _, other = fit_rare(rare_data)

    assert fitted.kept < longer.kept
    assert compute_recall(unseen) > compute_recall(other) + 0.2
