import keras
import pytest
from helpers import make_backbone_settings

from stacker.artifacts.errors import PipelineError
from stacker.backbones.building import build_backbone
from stacker.backbones.costs import compute_cost
from stacker.backbones.resizing import build_resizing

# Parameters as in the table of https://keras.io/api/applications/; billions of multiply-adds, as the papers give them:
# MobileNetV2's table 4, ResNet's table 1 (Keras has the first ResNet, whose strides lie in the 1x1 convolutions),
# and of the other two table 2 of Zoph et al. 2018, "Learning transferable architectures".
PUBLISHED = {
    "MobileNetV2": (3_538_984, 0.300),
    "ResNet50": (25_636_712, 3.8),
    "InceptionV3": (23_851_784, 5.72),
    "Xception": (22_910_480, 8.38),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_compute_cost_agrees_with_published_figures_at_the_default_side(name):
    parameters, multiply_adds = PUBLISHED[name]

    cost = compute_cost(getattr(keras.applications, name)(weights=None))

    assert cost.parameters == parameters
    assert cost.gflop == pytest.approx(2 * multiply_adds, rel=0.02)


def test_compute_cost_of_a_vision_transformer_agrees_with_published_figures():
    # Of ViT_B_16 in torchvision's documentation, where the classifier has 769,000 parameters. Beside each of the
    # numbers that are added to the 197 tokens, ours has three more, which make a frozen layer a sum; the class token
    # is part of them, and scaling has 12.
    cost = compute_cost(build_backbone("pet", make_backbone_settings("ViTBase16", pooling="token"), 224))

    assert cost.parameters == 86_567_656 - 769_000 + 3 * 197 * 768 - 768 + 12
    assert cost.gflop == pytest.approx(2 * 17.564, rel=0.01)


def test_compute_cost_counts_attention_by_hand():
    queries, values = keras.Input((3, 10)), keras.Input((7, 6))
    model = keras.Model([queries, values], keras.layers.MultiHeadAttention(2, 4)(queries, values))

    projected = 3 * 10 * 8 + 2 * 7 * 6 * 8 + 3 * 8 * 10
    assert compute_cost(model).gflop == pytest.approx(2 * (projected + 2 * 3 * 7 * 8) / 1e9)


def build_network() -> keras.Model:
    images = keras.Input((7, 5, 3))
    inner = keras.layers.Conv2D(4, (3, 2), strides=(2, 1), use_bias=True)(images)  # to (3, 4, 4)
    inner = keras.layers.BatchNormalization()(inner)
    inner = keras.layers.DepthwiseConv2D((2, 3), depth_multiplier=2, use_bias=False)(inner)  # to (2, 2, 8)
    inner = keras.layers.SeparableConv2D(5, 3, padding="same")(inner)  # to (2, 2, 5)
    inner = keras.layers.Conv2D(10, 1, groups=5, use_bias=False)(inner)  # to (2, 2, 10)
    inner = keras.layers.Conv2DTranspose(2, 3, strides=2, use_bias=False)(inner)  # to (5, 5, 2)
    inner = keras.layers.Dense(6)(inner)  # on the channels
    return keras.Model(images, keras.layers.GlobalMaxPooling2D()(inner))


PARAMETERS = (72 + 4) + 16 + 48 + (72 + 40 + 5) + 10 + 180 + (12 + 6)
MULTIPLY_ADDS = 12 * 72 + 4 * 48 + 4 * (72 + 40) + 4 * 10 + 4 * 180 + 25 * 12


def test_compute_cost_counts_each_kind_of_layer_by_hand():
    assert compute_cost(build_network()) == (PARAMETERS, 2 * MULTIPLY_ADDS / 1e9)


def test_compute_cost_counts_the_weights_of_a_shared_layer_once_and_its_calls_each():
    shared, nested = keras.layers.Dense(4), build_network()
    left, right = keras.Input((7, 5, 3)), keras.Input((7, 5, 3))
    joined = keras.layers.Concatenate()([shared(nested(left)), shared(nested(right))])
    model = keras.Model([left, right], keras.layers.Dense(1)(joined))

    assert compute_cost(model) == (PARAMETERS + 28 + 9, 2 * (2 * (MULTIPLY_ADDS + 24) + 8) / 1e9)


def test_compute_cost_finds_what_lies_two_networks_deep_a_sequential_one_among_them():
    images, other = keras.Input((7, 5, 3)), keras.Input((7, 5, 3))
    parts = keras.Sequential([keras.Input((6,)), keras.layers.Dense(4)])
    middle = keras.Model(images, parts(build_network()(images)))
    outer = keras.Model([images, other], keras.layers.Add()([middle(images), middle(other)]))

    assert compute_cost(outer) == (PARAMETERS + 28, 2 * 2 * (MULTIPLY_ADDS + 24) / 1e9)


def test_compute_cost_leaves_out_what_other_models_do_with_the_same_layers():
    network = build_network()
    keras.Model(network.input, keras.layers.Dense(9)(network.output))
    network(keras.Input((7, 5, 3)))

    assert compute_cost(network) == (PARAMETERS, 2 * MULTIPLY_ADDS / 1e9)


def test_compute_cost_does_not_change_what_is_saved():
    network = build_network()
    before = network.to_json()

    compute_cost(network)

    assert network.to_json() == before


def test_compute_cost_counts_a_sequential_model_and_the_resizing_layer():
    model = keras.Sequential([keras.Input((6, 6, 3)), build_resizing(6, 4), keras.layers.Dense(2)])

    assert compute_cost(model) == (24 + 24 + 8, 2 * (6 * 3 * 24 + 4 * 3 * 24 + 16 * 6) / 1e9)


def test_compute_cost_follows_the_order_of_the_axes():
    images = keras.Input((3, 7, 5))
    model = keras.Model(images, keras.layers.Conv2D(4, (3, 2), data_format="channels_first")(images))

    assert compute_cost(model).gflop == 2 * 5 * 4 * 72 / 1e9


def test_compute_cost_names_a_layer_that_it_does_not_know():
    rows = keras.Input((7, 5))
    model = keras.Model(rows, keras.layers.EinsumDense("abc,cd->abd", (7, 4), name="mixing")(rows))

    with pytest.raises(PipelineError, match="mixing.*EinsumDense.*expected one of Dense"):
        compute_cost(model)


def test_compute_cost_names_a_layer_whose_cost_depends_on_the_photo():
    images = keras.Input((None, 5, 3))
    model = keras.Model(images, keras.layers.Conv2D(4, 1, name="first")(images))

    with pytest.raises(PipelineError, match="first.*depend on the size of the photo"):
        compute_cost(model)
