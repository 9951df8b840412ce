import keras
import numpy as np
import pytest
from helpers import make_backbone_settings, make_training
from sklearn.preprocessing import StandardScaler

from stacker.artifacts.errors import PipelineError
from stacker.backbones.building import build_backbone
from stacker.settings.members import Head
from stacker.settings.training import FineTune
from stacker.training.batches import Batches, encode_targets
from stacker.training.fitting import FitSettings, fit_model
from stacker.training.heads import (
    assemble_member,
    build_head,
    build_standardization,
    unfreeze_layers,
)
from stacker.training.probabilities import give_probabilities

FEATURES = np.random.default_rng(0).normal(3, 2, (20, 6)).astype(np.float32)


def predict(model: keras.Model, inputs) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(inputs, training=False))


@pytest.mark.parametrize(
    ("output", "classes", "width", "activation"),
    [
        ("auto", 2, 1, "sigmoid"),
        ("auto", 5, 5, "softmax"),
        ("sigmoid", 2, 1, "sigmoid"),
        ("softmax", 2, 2, "softmax"),
        ("softmax", 3, 3, "softmax"),
    ],
)
def test_build_head_gives_logits_of_the_shape_asked_for_and_give_probabilities_what_follows(
    output, classes, width, activation
):
    head = build_head(Head(output=output), FEATURES, classes, seed=0)

    logits = predict(head, FEATURES)
    assert logits.shape == (20, width)
    layer = head.get_layer("logits")
    kernel, bias = layer.get_weights()
    np.testing.assert_allclose(logits, FEATURES @ kernel + bias, rtol=1e-4, atol=1e-5)
    whole = give_probabilities(head)
    assert (whole.name, whole.layers[-1].activation.__name__) == ("head", activation)
    received, odds = predict(whole, FEATURES), np.exp(logits)
    expected = odds / (1 + odds) if activation == "sigmoid" else odds / odds.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(received, expected, rtol=1e-4, atol=1e-6)


def test_build_head_refuses_a_sigmoid_for_three_classes():
    with pytest.raises(PipelineError, match=r"head\.output: sigmoid is for two classes, the images have 3"):
        build_head(Head(output="sigmoid"), FEATURES, 3, seed=0)


def test_build_head_has_the_layers_asked_for():
    settings = Head(hidden=[7, 5], activation="tanh", dropout=0.25, standardize=True)

    head = build_head(settings, FEATURES, 2, seed=0)

    names = [layer.name for layer in head.layers]
    assert names == ["features", "standardize", "hidden_0", "hidden_1", "dropout", "logits"]
    assert [head.get_layer(f"hidden_{number}").units for number in range(2)] == [7, 5]
    assert head.get_layer("hidden_1").activation is keras.activations.tanh
    assert head.get_layer("dropout").rate == 0.25


def test_dropout_works_in_training_alone():
    head = build_head(Head(hidden=[50], dropout=0.5), FEATURES, 2, seed=0)

    np.testing.assert_array_equal(predict(head, FEATURES), predict(head, FEATURES))
    assert not np.array_equal(head(FEATURES, training=True), head(FEATURES, training=True))


def test_build_head_draws_weights_from_the_seed():
    first, again, other = (predict(build_head(Head(hidden=[4]), FEATURES, 2, seed), FEATURES) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_standardisation_is_scikit_learns():
    features = np.random.default_rng(1).normal(100, 30, (200, 6)).astype(np.float32)
    features[:, 2] = 7.0  # does not vary: centred only
    features[:, 3] *= 1e-3
    layer = build_standardization(features)

    others = features[::-3] + np.float32(0.5)
    np.testing.assert_allclose(predict(layer, others), StandardScaler().fit(features).transform(others), atol=1e-4)


def test_a_feature_that_varies_by_its_rounding_alone_is_only_centred():
    generator = np.random.default_rng(1)
    noise = generator.choice([0, 1], (200, 4))
    features = np.empty((200, 4), np.float32)
    features[:, 0] = np.where(noise[:, 0], np.float32(700), np.nextafter(np.float32(700), np.float32(0)))
    features[:, 1] = 700 + 0.01 * noise[:, 1]  # a little more than rounding
    features[:, 2] = 1e-12 * (1 + noise[:, 2])  # small, as random networks give it: it varies all the same
    features[:, 3] = 1e-30 * noise[:, 3]  # its variance is 0 in float32

    received = predict(build_standardization(features), features)

    assert np.isfinite(received).all()
    np.testing.assert_allclose(received.std(axis=0), [0, 1, 1, 0], atol=0.01)
    np.testing.assert_allclose(received.mean(axis=0), 0, atol=0.05)


def test_standardisation_reads_the_rows_it_is_given_and_no_head_without_it_reads_any():
    class Unread(np.ndarray):
        def __getitem__(self, _):
            raise AssertionError("read")

    rows = np.array([3, 17, 4, 4])
    mean, variance = build_standardization(FEATURES, rows).get_weights()
    np.testing.assert_allclose(mean, FEATURES[rows].mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(variance, FEATURES[rows].var(axis=0), rtol=1e-4)
    assert build_head(Head(), FEATURES.view(Unread), 2, seed=0, rows=rows).input_shape == (None, 6)


def test_standardisation_does_not_move_in_fit():
    head = build_head(Head(standardize=True), FEATURES, 2, seed=0)
    layer = head.get_layer("standardize")
    before = layer.get_weights()

    batches = Batches(FEATURES + 100, encode_targets(np.arange(20) % 2, 1), np.arange(20), 5)
    fit_model(head, batches, batches, FitSettings(2, 5, 0.1), "head")

    for expected, received in zip(before, layer.get_weights(), strict=True):
        np.testing.assert_array_equal(received, expected)


def test_assemble_member_names_model_and_input_after_the_label():
    backbone = build_backbone("pet", make_backbone_settings("MobileNetV3Small"), 32)
    head = build_head(Head(), np.empty((0, backbone.output_shape[1]), np.float32), 2, seed=0)

    member = assemble_member("pet", backbone, head)

    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
    assert (member.name, [tensor.name for tensor in member.inputs]) == ("pet", ["pet"])
    np.testing.assert_array_equal(predict(member, images), predict(head, predict(backbone, images)))


def build_network() -> keras.Model:
    """Small, with batch normalisation, as the architectures are built."""
    layers = keras.layers
    network = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(4, 3, name="conv_0"),
            layers.BatchNormalization(name="norm_0"),
            layers.ReLU(name="relu_0"),
            layers.Conv2D(4, 3, name="conv_1"),
            layers.BatchNormalization(name="norm_1"),
            layers.GlobalAveragePooling2D(name="pool_1"),
        ],
        name="network",
    )
    network.trainable = False
    return network


def make_fine_tune(layers, batch_norm: str = "frozen") -> FineTune:
    return FineTune(layers=layers, epochs=1, learning_rate=0.1, batch_norm=batch_norm)


@pytest.mark.parametrize(
    ("layers", "batch_norm", "trained"),
    [
        ("all", "frozen", {"conv_0", "conv_1"}),
        ("all", "trained", {"conv_0", "norm_0", "conv_1", "norm_1"}),
        (3, "frozen", {"conv_1"}),
        (3, "trained", {"conv_1", "norm_1"}),
        (1000, "frozen", {"conv_0", "conv_1"}),
        ("conv_1", "trained", {"conv_1", "norm_1"}),
        ("norm_0", "trained", {"norm_0", "conv_1", "norm_1"}),
    ],
)
def test_unfreeze_layers_trains_what_is_asked_for_and_no_more(layers, batch_norm, trained):
    network = build_network()

    unfreeze_layers(network, make_fine_tune(layers, batch_norm))

    assert {weights.path.split("/")[-2] for weights in network.trainable_weights} == trained


def test_unfreeze_layers_lists_names_when_there_is_no_such_layer():
    with pytest.raises(PipelineError, match=r"fine_tune\.layers: the network has no layer 'conv_9'.*conv_1, norm_1"):
        unfreeze_layers(build_network(), make_fine_tune("conv_9"))


def test_unfreeze_layers_refuses_a_choice_that_trains_nothing():
    with pytest.raises(
        PipelineError,
        match=r"fine_tune\.layers: 2 reaches no layer with weights to train .*batch_norm: frozen.*take more",
    ):
        unfreeze_layers(build_network(), make_fine_tune(2))


@pytest.mark.parametrize(
    ("layers", "batch_norm", "moved"),
    [
        ("all", "frozen", {"conv_0", "conv_1"}),
        ("conv_1", "trained", {"conv_1", "norm_1"}),
    ],
)
def test_fit_moves_only_unfrozen_layers_and_the_statistics_of_unfrozen_norms(layers, batch_norm, moved):
    keras.utils.set_random_seed(0)
    network = build_network()
    model = keras.Sequential([network, keras.layers.Dense(1)])
    unfreeze_layers(network, make_fine_tune(layers, batch_norm))
    before = {layer.name: layer.get_weights() for layer in network.layers}

    images = np.random.default_rng(0).normal(5, 3, (12, 8, 8, 3)).astype(np.float32)
    batches = Batches(images, encode_targets(np.arange(12) % 2, 1), np.arange(12), 4)
    fit_model(model, batches, batches, FitSettings(2, 4, 0.1), "fine_tune")

    changed = {
        layer.name
        for layer in network.layers
        if any(not np.array_equal(a, b) for a, b in zip(before[layer.name], layer.get_weights(), strict=True))
    }
    assert changed == moved


def test_fine_tune_settings_take_a_count_a_name_or_all():
    for layers in (5, "block_16_expand", "all"):
        fine_tune = {"layers": layers, "epochs": 1, "learning_rate": 1e-5}
        assert make_training(fine_tune=fine_tune).fine_tune.layers == layers
