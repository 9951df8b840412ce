"""Which settings lead to which of the three ways to train a member."""

import shutil

import numpy as np
import pytest
from helpers import make_inference, make_member

from stacker.artifacts.errors import PipelineError
from stacker.settings.training import FineTune
from stacker.training.activation_trainer import ActivationTrainer
from stacker.training.choosing import choose_trainer, explain_images
from stacker.training.cutting import Cut
from stacker.training.head_trainer import HeadTrainer
from stacker.training.image_trainer import ImageTrainer

FINE_TUNE = {"layers": "conv_1", "epochs": 2, "learning_rate": 0.01}
FLIP = {"horizontal_flip": True}
KIB = 7 * 7 * 4 * 4 / 1024  # what crosses the small network's cut before conv_1: 7 x 7 places, 4 channels, float32


def choose(data, trainable: bool = False, **training):
    return choose_trainer("pet", make_member({"trainable": trainable}, **training), data, make_inference())


def leave_free(monkeypatch, mib: float) -> None:
    """Let the disk have this much left."""
    usage = shutil._ntuple_diskusage(2**40, 2**40 - int(mib * 2**20), int(mib * 2**20))
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)


@pytest.mark.parametrize(
    ("settings", "way"),
    [
        ({}, HeadTrainer),
        ({"class_weights": "balanced", "initial_scores": True}, HeadTrainer),
        ({"fine_tune": FINE_TUNE}, ActivationTrainer),
        ({"fine_tune": {**FINE_TUNE, "layers": 1}}, ActivationTrainer),
        ({"fine_tune": {**FINE_TUNE, "layers": "all"}}, ImageTrainer),
        ({"fine_tune": {**FINE_TUNE, "keep_activations": False}}, ImageTrainer),
        ({"fine_tune": FINE_TUNE, "augmentation": FLIP}, ImageTrainer),
        ({"augmentation": FLIP}, ImageTrainer),
        ({"trainable": True}, ImageTrainer),
        ({"trainable": True, "augmentation": FLIP}, ImageTrainer),
    ],
)
def test_settings_choose_the_way(settings, way, small_data, small_backbone):
    assert type(choose(small_data, **settings)) is way


@pytest.mark.parametrize("mib", [10.0, 1e6])
def test_the_choice_does_not_depend_on_the_free_disk(mib, small_data, small_backbone, monkeypatch):
    leave_free(monkeypatch, mib)

    assert type(choose(small_data, fine_tune=FINE_TUNE)) is ActivationTrainer


def test_too_little_disk_is_an_error_that_names_the_setting(small_data, small_backbone, monkeypatch):
    photos = sum(map(len, small_data.images.values()))
    needed = KIB * photos / 1024
    leave_free(monkeypatch, 2 * needed + 0.001)
    choose(small_data, fine_tune=FINE_TUNE)

    leave_free(monkeypatch, 2 * needed - 0.001)
    with pytest.raises(PipelineError, match=r"^pet: .*set `training\.fine_tune\.keep_activations: false`"):
        choose(small_data, fine_tune=FINE_TUNE)
    choose(small_data, fine_tune={**FINE_TUNE, "keep_activations": False})
    choose(small_data)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, f"pet: fine-tuning from kept activations, {KIB:.0f} KiB a photo"),
        ({"keep_activations": False}, "pet: fine-tuning from the images: fine_tune.keep_activations is false"),
        ({"layers": "all"}, "pet: fine-tuning from the images: nothing is computed before the first trained layer"),
    ],
)
def test_the_run_says_how_it_fine_tunes(settings, message, small_data, small_backbone, capsys):
    choose(small_data, fine_tune={**FINE_TUNE, **settings})

    assert capsys.readouterr().out == f"{message}\n"


@pytest.mark.parametrize("settings", [{}, {"augmentation": FLIP}, {"augmentation": FLIP, "fine_tune": FINE_TUNE}])
def test_a_run_without_a_choice_says_nothing_and_builds_nothing(settings, small_data, small_backbone, capsys):
    choose(small_data, **settings)

    assert capsys.readouterr().out == ""
    assert small_backbone == []


def test_a_layer_that_is_not_there_is_noticed_before_any_training(small_data, small_backbone):
    with pytest.raises(PipelineError, match=r"fine_tune\.layers: the network has no layer 'conv_9'"):
        choose(small_data, fine_tune={**FINE_TUNE, "layers": "conv_9"})


def test_the_network_that_the_choice_looks_at_is_the_one_that_is_trained_first(small_data, small_backbone):
    trainer = choose(small_data, fine_tune=FINE_TUNE)
    (looked_at,) = small_backbone
    assert not looked_at.trainable_weights

    first, second = (trainer.build(np.arange(4)).model for _ in range(2))

    assert first.get_layer("network") is looked_at.get_layer("network")
    assert second.get_layer("network") is small_backbone[1].get_layer("network")
    assert len(small_backbone) == 2


@pytest.mark.parametrize(
    ("cut", "problem"),
    [
        (Cut([], [2**20 - 5, 5], True), None),
        (Cut([], [2**20, 1], True), "activations at the first trained layer take 4.0 MiB a photo, more than 4"),
        (Cut([], [3 * 2**19, 2**18], True), "activations at the first trained layer take 7.0 MiB a photo, more than 4"),
        (Cut([], [5], False), "nothing is computed before the first trained layer"),
    ],
)
def test_images_serve_better_where_little_is_frozen_or_much_must_be_kept(cut, problem):
    assert explain_images(cut, FineTune(layers=3)) == problem
