"""Dropout and noise in the frozen part of a network rest while the rest of it is trained."""

import keras
import numpy as np
import pytest
from helpers import make_inference, make_member
from keras.src.applications.convnext import StochasticDepth

from stacker.settings.training import FineTune
from stacker.training.activation_trainer import ActivationTrainer
from stacker.training.choosing import choose_trainer
from stacker.training.frozen_noise import rest_dropout
from stacker.training.head_trainer import HeadTrainer
from stacker.training.heads import unfreeze_layers
from stacker.training.image_trainer import ImageTrainer
from stacker.training.member_data import MemberData
from stacker.training.member_parts import MemberParts

pytestmark = pytest.mark.thorough

IMAGES = np.random.default_rng(0).normal(size=(4, 6, 6, 3)).astype(np.float32)
NOISES = {
    "dropout": keras.layers.Dropout,
    "spatial": keras.layers.SpatialDropout2D,
    "alpha": keras.layers.AlphaDropout,
    "gaussian_dropout": keras.layers.GaussianDropout,
    "gaussian_noise": keras.layers.GaussianNoise,
    "depth": StochasticDepth,
}


def build_network(kind: str) -> keras.Model:
    """Noise, a convolution called conv, and noise again."""
    pixels = keras.Input((6, 6, 3))
    inner = keras.layers.Conv2D(3, 1, name="conv")(NOISES[kind](0.4, name="early")(pixels))
    network = keras.Model(pixels, NOISES[kind](0.3, name="late")(inner))
    network.trainable = False
    return network


def train(network: keras.Model) -> np.ndarray:
    return keras.ops.convert_to_numpy(network(IMAGES, training=True))


@pytest.mark.parametrize("kind", NOISES)
def test_a_frozen_network_runs_as_in_inference_and_is_left_as_it_was(kind):
    network = build_network(kind)
    before = network.get_config()
    expected = keras.ops.convert_to_numpy(network(IMAGES, training=False))
    assert not np.allclose(train(network), expected)

    with rest_dropout(network):
        np.testing.assert_array_equal(train(network), expected)

    assert network.get_config() == before
    assert not np.allclose(train(network), expected)


@pytest.mark.parametrize("kind", NOISES)
def test_noise_from_the_first_trained_layer_onwards_stays(kind):
    network = build_network(kind)
    unfreeze_layers(network, FineTune(layers="conv"))
    early = keras.Model(network.inputs[0], network.get_layer("early").output)

    with rest_dropout(network):
        np.testing.assert_array_equal(train(early), IMAGES)
        assert not np.allclose(train(network), keras.ops.convert_to_numpy(network(IMAGES, training=False)))


def test_noise_comes_back_after_an_error():
    network = build_network("dropout")

    with pytest.raises(RuntimeError), rest_dropout(network):
        raise RuntimeError

    assert [network.get_layer(name).rate for name in ("early", "late")] == [0.4, 0.3]


def with_features(data: MemberData, **backbone) -> MemberData:
    """`data` with the features of the backbone that a member is built of."""
    network = MemberParts("pet", make_member(backbone), data).build_backbone()
    run = {split: network(values.astype(np.float32), training=False) for split, values in data.images.items()}
    return data._replace(features={split: keras.ops.convert_to_numpy(values) for split, values in run.items()})


def fit(data: MemberData, way: type, backbone: dict, head: dict | None = None, **training) -> tuple[list, keras.Model]:
    """The losses of all epochs and the network, of a member that is trained in this `way`."""
    trainer = choose_trainer("pet", make_member(backbone, head, **training), data, make_inference())
    assert isinstance(trainer, way)
    fitted = trainer.fit(np.arange(len(data.labels["train"])))
    losses = [(epoch.loss, epoch.val_loss) for epoch in fitted.history]
    return losses, trainer.assemble(fitted).get_layer("network")


def fit_both_ways(data: MemberData, backbone: dict, head: dict, fine_tune: dict) -> None:
    """See that a member learns the same from kept activations and from the images."""
    kept, _ = fit(data, ActivationTrainer, backbone, head, fine_tune=fine_tune)
    from_images, network = fit(data, ImageTrainer, backbone, head, fine_tune={**fine_tune, "keep_activations": False})

    np.testing.assert_allclose(from_images, kept, rtol=1e-3)
    built = [layer.rate for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    assert min(built) > 0


def test_images_and_kept_activations_give_the_same_losses(small_data, set_dropout):
    set_dropout(0.5)

    fine_tune = {"layers": "conv_1", "epochs": 2, "learning_rate": 0.01}
    fit_both_ways(with_features(small_data), {}, {}, fine_tune)


@pytest.mark.slow
def test_images_and_kept_activations_give_the_same_losses_of_a_network_that_drops_its_blocks(workspace):
    (workspace / "data").mkdir()
    generator = np.random.default_rng(1)
    counts = {"train": 16, "validation": 6, "test": 1}
    images = {split: generator.integers(0, 256, (count, 32, 32, 3), np.uint8) for split, count in counts.items()}
    labels = {split: np.arange(counts[split]) % 3 % 2 for split in ("train", "validation")}
    data = with_features(MemberData(images, labels, {}, 2), name="EfficientNetB0")

    fine_tune = {"layers": "block6d_expand_conv", "epochs": 2, "learning_rate": 1e-4}
    fit_both_ways(data, {"name": "EfficientNetB0"}, {"standardize": True}, fine_tune)


def test_a_frozen_backbone_drops_nothing_under_a_head_that_learns_from_augmented_images(small_data, set_dropout):
    set_dropout(0.5)
    data = with_features(small_data)

    from_images, _ = fit(data, ImageTrainer, {}, augmentation={"zoom": 0.0})  # the images as they are
    from_features, _ = fit(data, HeadTrainer, {})

    np.testing.assert_allclose(from_images, from_features, rtol=1e-4)


def test_a_backbone_that_is_trained_from_the_start_drops_what_it_should(small_data, set_dropout):
    losses = []
    for rate in (0.5, 1e-9):  # as good as none
        set_dropout(rate)
        losses.append(fit(small_data, ImageTrainer, {"trainable": True})[0][0][0])

    assert losses[0] != pytest.approx(losses[1], rel=1e-4)
