import keras
import numpy as np
import pytest
from backend_marks import BACKEND

from stacker.backbones.plain_layers import is_plain, use_plain_layers
from stacker.settings.architectures import ARCHITECTURES


def run(network, images: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(network(images, training=False))


@pytest.mark.parametrize(
    "name",
    [
        "MobileNetV3Small",
        "ConvNeXtTiny",
        pytest.param("InceptionResNetV2", marks=pytest.mark.slow),
        pytest.param("MobileNetV3Large", marks=pytest.mark.slow),
    ],
)
def test_use_plain_layers_gives_the_same_numbers_from_built_in_layers(name):
    keras.utils.set_random_seed(0)
    side = ARCHITECTURES[name].minimum_size
    network = getattr(keras.applications, name)(include_top=False, weights=None, input_shape=(side, side, 3))
    for layer in network.layers:
        if type(layer).__name__ == "LayerScale":  # else nearly zero: its part of the output would not show
            layer.set_weights([np.random.default_rng(0).normal(size=layer.get_weights()[0].shape)])
    images = np.random.default_rng(0).integers(0, 256, (2, side, side, 3)).astype(np.float32)

    plain = use_plain_layers(network)

    expected = run(network, images)
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(run(plain, images), expected, rtol=1e-4, atol=tolerance)
    assert [part.name for part in plain.operations if not is_plain(part)] == []


def build_efficient_net(mean, variance):
    keras.utils.set_random_seed(0)
    network = keras.applications.EfficientNetB0(include_top=False, weights=None, input_shape=(32, 32, 3))
    (normalization,) = [layer for layer in network.layers if isinstance(layer, keras.layers.Normalization)]
    normalization.set_weights([np.array(mean), np.array(variance), np.array(0)])
    normalization.finalize_state()  # as Keras does when it reads weights
    return network, normalization.name


def test_statistics_of_pixels_stay_where_a_network_is_part_of_another_one(tmp_path):
    network, _ = build_efficient_net([0.4, 0.5, 0.1], [0.3, 0.02, 0.1])
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3)).astype(np.float32)
    expected = run(network, images)
    tolerance = 1e-5 * np.abs(expected).max()

    plain = use_plain_layers(network)

    inputs = keras.Input((32, 32, 3))
    keras.Model(inputs, plain(inputs)).save(tmp_path / "outer.h5")
    reloaded = keras.models.load_model(tmp_path / "outer.h5", compile=False)
    for model in (plain, reloaded):
        np.testing.assert_allclose(run(model, images), expected, rtol=1e-4, atol=tolerance)
    if BACKEND == "torch":  # where the statistics in use are a view of those that are read
        return
    keras.Model(inputs, network(inputs)).save(tmp_path / "lost.h5")  # else this would not be needed
    lost = run(keras.models.load_model(tmp_path / "lost.h5", compile=False), images)
    assert np.abs(lost - expected).max() > 100 * tolerance


def test_a_file_of_imagenet_weights_scales_pixels_as_those_do_that_keras_downloads():
    """By mean and deviation, of which Keras' files for EfficientNetB0 to B7 hold the latter as the variance."""
    network, name = build_efficient_net([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])

    scaling = use_plain_layers(network).get_layer(name)

    pixels = np.array([[[[0.485, 0.456 + 0.224, 0.406 - 0.45]]]], np.float32)
    np.testing.assert_allclose(run(scaling, pixels), [[[[0, 1, -2]]]], atol=1e-6)


def test_what_keras_has_mended_is_not_mended_again():
    inputs = keras.Input((8, 8, 3))
    normalization = keras.layers.Normalization()
    mend = keras.layers.Rescaling([0.229**-0.5, 0.224**-0.5, 0.225**-0.5])
    network = keras.Model(inputs, mend(normalization(inputs)))
    normalization.set_weights([np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225]), np.array(0)])

    plain = use_plain_layers(network)

    pixels = np.broadcast_to(np.array([0.485, 0.456 + 0.224, 0.406 - 0.45], np.float32), (1, 8, 8, 3))
    np.testing.assert_allclose(run(plain, pixels)[0, 3, 5], [0, 1, -2], atol=1e-5)


def test_use_plain_layers_leaves_a_network_alone_that_has_no_others():
    network = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))

    assert use_plain_layers(network) is network
