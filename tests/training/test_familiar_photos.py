import keras
import numpy as np
import pytest
from helpers import build_small_member, make_inference, make_member

from stacker.training import familiar_photos
from stacker.training.familiar_photos import find_features, learn_photos
from stacker.training.member_data import MemberData
from stacker.uncertainty.novelty import measure_novelty

COUNTS = {"train": 40, "validation": 11, "test": 7}
FINE_TUNE = {"layers": 1, "epochs": 1, "learning_rate": 0.001}


def make_data(features: dict[str, np.ndarray]) -> MemberData:
    draws = np.random.default_rng(0)
    images = {split: draws.integers(0, 256, (count, 8, 8, 3), np.uint8) for split, count in COUNTS.items()}
    return MemberData(images, {}, features, 2)


def test_where_the_backbone_stays_the_kept_features_are_taken():
    kept = {split: np.full((count, 4), 3.0, np.float32) for split, count in COUNTS.items()}

    received = find_features(build_small_member("pet", 1), make_data(kept), make_member(), make_inference())

    assert received is kept


@pytest.mark.parametrize("changes", [{"backbone": {"trainable": True}}, {"fine_tune": FINE_TUNE}])
def test_where_the_network_was_trained_its_own_features_are_made_anew(changes, monkeypatch):
    monkeypatch.setattr(familiar_photos, "MOST_ROWS", 20)
    model, data = build_small_member("pet", 1), make_data({})

    received = find_features(model, data, make_member(**changes), make_inference())

    backbone = keras.Model(model.input, model.get_layer("pool").output)
    for split, rows in {"train": slice(None, None, 2), "validation": slice(None), "test": slice(None)}.items():
        photos = data.images[split][rows].astype(np.float32)
        expected = keras.ops.convert_to_numpy(backbone(photos, training=False))
        np.testing.assert_allclose(received[split], expected, rtol=1e-4, atol=1e-4)


def test_every_row_of_validation_and_test_has_its_novelty():
    draws = np.random.default_rng(2)
    kept = {split: draws.random((count, 4)).astype(np.float32) + 1 for split, count in COUNTS.items()}

    familiar, novelty = learn_photos(build_small_member("pet", 1), make_data(kept), make_member(), make_inference())

    assert {name: len(values) for name, values in novelty.items()} == {"novelty_validation": 11, "novelty_test": 7}
    assert np.median(novelty["novelty_validation"]) == pytest.approx(1)
    np.testing.assert_array_equal(novelty["novelty_test"], measure_novelty(kept["test"], familiar))
