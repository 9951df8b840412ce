"""Cutting a member where its frozen part ends, and fine-tuning from what that part gave."""

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from helpers import make_backbone_settings, make_inference, make_member
from stacker.settings.schema import FineTune, Head

from stacker.backbones.building import build_backbone
from stacker.training.activations import (
    LARGEST_MIB,
    explain_images,
    find_crossing_tensors,
    keep_activations,
    split_member,
)
from stacker.training.heads import assemble_member, build_head, unfreeze_layers
from stacker.training.member_training import FittedMember, MemberData, MemberTrainer

SIDE = 75
ROWS = 12
IMAGES = np.random.default_rng(0).integers(0, 256, (ROWS, SIDE, SIDE, 3), np.uint8)
LABELS = np.arange(ROWS) % 2


def make_unfrozen(name: str, layers) -> keras.Model:
    backbone = build_backbone("pet", make_backbone_settings(name, pooling="max"), SIDE)
    head = build_head(Head(), np.empty((0, backbone.output_shape[1]), np.float32), 2, seed=0)
    member = assemble_member("pet", backbone, head)
    unfreeze_layers(member.get_layer("network"), FineTune(layers=layers, epochs=1, learning_rate=0.1))
    return member


def predict(model: keras.Model, inputs) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(inputs, training=False))


def keep(front: keras.Model) -> dict[str, np.ndarray]:
    Path("data").mkdir(exist_ok=True)
    return keep_activations(front, {"train": IMAGES, "validation": IMAGES[:5]}, make_inference())


@pytest.mark.parametrize(
    ("name", "layers", "crossing"),
    [
        ("MobileNetV3Small", 30, 3),
        ("InceptionV3", 60, 2),  # branches
        ("Xception", "block13_sepconv1", 2),  # the block's input, and its short cut
        ("VGG16", "block5_conv2", 1),
    ],
)
def test_the_halves_of_a_member_give_what_the_whole_gives(name, layers, crossing):
    member = make_unfrozen(name, layers)

    front, tail = split_member(member)

    images = IMAGES.astype(np.float32)
    np.testing.assert_allclose(predict(tail, predict(front, images)), predict(member, images), atol=1e-6)
    assert not front.trainable_weights
    assert {id(weights) for weights in tail.trainable_weights} == {id(weights) for weights in member.trainable_weights}
    network = member.get_layer("network")
    first = next(number for number, layer in enumerate(network.layers) if layer.trainable_weights)
    assert len(find_crossing_tensors(network, first)) == crossing


def test_keep_activations_is_what_the_front_gives_and_leaves_no_file_behind(workspace):
    front, _ = split_member(make_unfrozen("MobileNetV3Small", 20))

    kept = keep(front)

    expected = predict(front, IMAGES.astype(np.float32))
    np.testing.assert_allclose(kept["train"], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(kept["validation"], expected[:5], rtol=1e-4, atol=1e-5)
    assert isinstance(kept["train"], np.memmap)
    assert list(Path("data").iterdir()) == []


def test_images_serve_better_where_little_is_frozen_or_much_must_be_kept(workspace, monkeypatch):
    Path("data").mkdir()
    late, early = (split_member(make_unfrozen("VGG16", layers)).front for layers in ("block5_conv1", "block1_conv2"))
    first = split_member(make_unfrozen("VGG16", "all")).front

    assert explain_images(late, 1000) is None
    assert "nothing is computed before the first trained layer" in (explain_images(first, 1000) or "")
    monkeypatch.setattr("stacker.training.activations.LARGEST_MIB", 1.0)
    assert "take 1.4 MiB a photo, more than 1" in (explain_images(early, 1000) or "")
    monkeypatch.setattr("stacker.training.activations.LARGEST_MIB", LARGEST_MIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(2**30, 2**29, 2**20 * 60))
    assert "more than half of the 60 MiB that the disk has left" in (explain_images(late, 10000) or "")


def fine_tune(keeps_activations: bool | None) -> tuple[MemberTrainer, FittedMember]:
    images = {"train": IMAGES, "validation": IMAGES[::-1], "test": IMAGES[:4]}
    labels = {"train": LABELS, "validation": LABELS[::-1], "test": LABELS[:4]}
    member = make_member(
        {"name": "MobileNetV3Small"},
        optimizer="sgd",
        learning_rate=0.01,
        fine_tune={"layers": 40, "epochs": 2, "learning_rate": 0.001, "batch_norm": "trained"},
    )
    backbone = build_backbone("pet", member.backbone, SIDE)
    features = {split: predict(backbone, values.astype(np.float32)) for split, values in images.items()}
    trainer = MemberTrainer("pet", member, MemberData(images, labels, features, 2), make_inference())
    trainer.keeps_activations = keeps_activations
    return trainer, trainer.fit(np.arange(10))


def test_fine_tuning_from_kept_activations_gives_what_the_images_give(workspace, capsys):
    Path("data").mkdir()
    trainer, fitted = fine_tune(None)
    other, expected = fine_tune(keeps_activations=False)

    assert "pet: fine-tuning from kept activations, " in capsys.readouterr().out
    assert trainer.activations
    assert not other.activations
    assert [epoch.phase for epoch in fitted.history] == ["head", "fine_tune", "fine_tune"]
    for first, second in zip(fitted.history, expected.history, strict=True):
        np.testing.assert_allclose((first.loss, first.val_loss), (second.loss, second.val_loss), rtol=1e-3)
    before = trainer.build(np.arange(10)).model.get_weights()
    moved = 0
    for start, first, second in zip(before, fitted.model.get_weights(), expected.model.get_weights(), strict=True):
        np.testing.assert_allclose(first, second, rtol=1e-3, atol=1e-4)
        moved += not np.array_equal(start, first)
    assert moved > 10

    # Predictions start from the activations too; the assembled model gives the same from images.
    rows = np.array([3, 1])
    (received,) = trainer.predict(fitted, ("train", rows))
    np.testing.assert_allclose(received, predict(fitted.model, IMAGES[rows].astype(np.float32)), atol=1e-5)
