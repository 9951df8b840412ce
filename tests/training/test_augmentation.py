import keras
import numpy as np
import pytest

from stacker.settings.training import Augmentation
from stacker.training.augmentation import augment_inputs

EVERYTHING = Augmentation(rotation_degrees=15, shift=0.1, zoom=0.1, horizontal_flip=True)
IMAGES = np.random.default_rng(0).integers(0, 256, (6, 16, 16, 3)).astype(np.float32)


def build_model() -> keras.Model:
    """Gives its images back, and has one weight."""
    images = keras.Input((16, 16, 3), name="images")
    same = keras.layers.DepthwiseConv2D(1, use_bias=False, depthwise_initializer="ones", name="keep")(images)
    return keras.Model(images, same, name="small")


def call(model: keras.Model, training: bool) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(IMAGES, training=training))


def test_augment_inputs_gives_the_model_itself_when_there_is_nothing_to_do():
    model = build_model()

    assert augment_inputs(model, None, 0) is model


def test_augmentation_works_in_training_alone():
    model = augment_inputs(build_model(), EVERYTHING, 0)

    np.testing.assert_array_equal(call(model, training=False), IMAGES)
    assert not np.array_equal(call(model, training=True), IMAGES)


def test_augmentation_is_drawn_anew_for_every_batch_and_image():
    model = augment_inputs(build_model(), EVERYTHING, 0)

    first, second = call(model, training=True), call(model, training=True)

    assert all(not np.array_equal(a, b) for a, b in zip(first, second, strict=True))


def test_augmentation_is_drawn_from_the_seed():
    first, again, other = (call(augment_inputs(build_model(), EVERYTHING, seed), training=True) for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_augmentation_is_absent_from_the_model_that_is_saved_and_shares_its_weights():
    model = build_model()

    augmented = augment_inputs(model, EVERYTHING, 0)
    augmented.get_layer("small").get_layer("keep").set_weights([np.full((1, 1, 3, 1), 2, np.float32)])

    assert [type(layer).__name__ for layer in model.layers] == ["InputLayer", "DepthwiseConv2D"]
    np.testing.assert_array_equal(call(model, training=True), 2 * IMAGES)


def test_augmented_images_differ_between_epochs_of_fit():
    seen = []

    class Spy(keras.layers.Layer):
        def call(self, images, training=False):
            if training:
                seen.append(keras.ops.convert_to_numpy(images).copy())
            return keras.ops.mean(images, axis=(1, 2))

    images = keras.Input((16, 16, 3), name="images")
    output = keras.layers.Dense(1)(Spy()(images))
    model = augment_inputs(keras.Model(images, output, name="small"), Augmentation(shift=0.2), 0)
    model.compile(loss="mse", run_eagerly=True)

    model.fit(IMAGES, np.zeros((6, 1)), batch_size=6, epochs=3, shuffle=False, verbose=0)

    assert len(seen) == 3
    assert not np.array_equal(seen[0], seen[1])
    assert not np.array_equal(seen[1], seen[2])


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        (Augmentation(horizontal_flip=True), ["RandomFlip"]),
        (Augmentation(rotation_degrees=15), ["RandomRotation"]),
        (Augmentation(shift=0.1), ["RandomTranslation"]),
        (Augmentation(zoom=0.1), ["RandomZoom"]),
        (Augmentation(), []),
    ],
)
def test_augment_inputs_draws_only_what_is_asked_for(settings, names):
    layers = augment_inputs(build_model(), settings, 0).layers[1:-1]

    assert [type(layer).__name__ for layer in layers] == names


def test_rotation_degrees_are_degrees():
    rotation = augment_inputs(build_model(), Augmentation(rotation_degrees=36), 0).layers[1]

    assert rotation.factor == pytest.approx((-0.1, 0.1))  # Keras wants a share of a full turn


def test_horizontal_flip_mirrors_left_and_right():
    received = call(augment_inputs(build_model(), Augmentation(horizontal_flip=True), 0), training=True)

    kinds = {
        "same" if np.array_equal(image, before) else "mirrored" if np.array_equal(image, before[:, ::-1]) else "other"
        for image, before in zip(received, IMAGES, strict=True)
    }
    assert kinds == {"same", "mirrored"}
