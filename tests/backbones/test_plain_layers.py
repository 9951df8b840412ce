import keras
import numpy as np
import pytest

from stacker.backbones.plain_layers import is_plain, use_plain_layers
from stacker.settings.architectures import ARCHITECTURES


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

    expected = keras.ops.convert_to_numpy(network(images, training=False))
    tolerance = 1e-5 * np.abs(expected).max()
    np.testing.assert_allclose(plain(images, training=False), expected, rtol=1e-4, atol=tolerance)
    assert [part.name for part in plain.operations if not is_plain(part)] == []


def test_use_plain_layers_leaves_a_network_alone_that_has_no_others():
    network = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))

    assert use_plain_layers(network) is network
