"""A member with ImageNet's weights on real photos: what a ruinous fine-tuning leaves behind."""

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest
from helpers import make_inference, make_member

from stacker.training.choosing import choose_trainer
from stacker.training.member_data import MemberData
from stacker.training.member_parts import MemberParts

pytestmark = pytest.mark.thorough

ASSETS = Path(__file__).resolve().parents[3] / "shared/assets"
PHOTOS = ASSETS / "cats_and_dogs_filtered"
WEIGHTS = ASSETS / "weights/mobilenet_v2_weights_tf_dim_ordering_tf_kernels_1.0_224_no_top.h5"
SIDE = 96
COUNTS = {"train": 24, "validation": 10, "test": 10}  # of each class


def read_photos(folder: str, first: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8, (2 * count, side, side, 3), RGB, cats before dogs, and their labels."""
    paths = [path for pet in ("cats", "dogs") for path in sorted((PHOTOS / folder / pet).iterdir())[first:][:count]]
    images = [
        cv2.resize(cv2.imread(str(path)), (SIDE, SIDE), interpolation=cv2.INTER_AREA)[..., ::-1] for path in paths
    ]
    return np.stack(images), np.repeat([0, 1], count)


@pytest.fixture(scope="module")
def photos() -> MemberData:
    if not WEIGHTS.exists():
        pytest.skip(f"{ASSETS} is not there")
    places = {"train": ("train", 0), "validation": ("validation", 0), "test": ("validation", 100)}
    read = {split: read_photos(*place, COUNTS[split]) for split, place in places.items()}
    images, labels = ({split: part[number] for split, part in read.items()} for number in (0, 1))
    backbone = MemberParts("pet", make_member(BACKBONE), MemberData(images, labels, {}, 2)).build_backbone()
    run = {split: backbone(values.astype(np.float32), training=False) for split, values in images.items()}
    features = {split: keras.ops.convert_to_numpy(values) for split, values in run.items()}
    return MemberData(images, labels, features, 2)


BACKBONE = {"weights": str(WEIGHTS)}


@pytest.mark.assets
@pytest.mark.parametrize(("rate", "phase"), [(0.5, "head"), (2e-5, "fine_tune")])
def test_a_member_keeps_the_better_of_head_and_fine_tuning(rate, phase, photos, workspace, capsys):
    (workspace / "data").mkdir()
    fine_tune = {"layers": "block_16_expand", "epochs": 2, "learning_rate": rate}
    member = make_member(BACKBONE, epochs=2, learning_rate=0.001, patience=6, fine_tune=fine_tune)
    trainer = choose_trainer("pet", member, photos, make_inference())

    fitted = trainer.fit(np.arange(48))

    (logits,) = trainer.predict(fitted, ("validation", None))
    loss = np.mean(np.logaddexp(0, np.where(photos.labels["validation"] == 1, -1, 1) * logits[:, 0]))
    assert fitted.history[fitted.kept].phase == phase
    assert loss == pytest.approx(min(epoch.val_loss for epoch in fitted.history), rel=1e-3)
    assert ("thrown away" in capsys.readouterr().out) == (phase == "head")
