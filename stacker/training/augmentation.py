"""Augmentation as Keras layers: drawn anew for every batch in training, absent from the saved model."""

import keras

from stacker.settings.training import Augmentation
from stacker.training.compiling import allow_compilation


def augment_inputs(model: keras.Model, settings: Augmentation | None, seed: int) -> keras.Model:
    """Put random layers before `model`, which keeps and shares its own layers and weights.

    Args:
        model: takes images, (n, height, width, 3), RGB, 0-255.
        settings: what to draw from; None returns `model` itself.
        seed: of the draws.

    Returns:
        A model for `fit`; Keras leaves its random layers out of validation and prediction.
    """
    if settings is None:
        return model
    layers: list[keras.layers.Layer] = []
    if settings.horizontal_flip:
        layers.append(keras.layers.RandomFlip("horizontal", seed=seed))
    if settings.rotation_degrees:
        layers.append(keras.layers.RandomRotation(settings.rotation_degrees / 360, "nearest", seed=seed + 1))
    if settings.shift:
        layers.append(keras.layers.RandomTranslation(settings.shift, settings.shift, "nearest", seed=seed + 2))
    if settings.zoom:
        layers.append(keras.layers.RandomZoom(settings.zoom, fill_mode="nearest", seed=seed + 3))
    images = inner = keras.Input(model.input_shape[1:], name="augmented_images")
    for layer in layers:
        inner = allow_compilation(layer)(inner)
    return keras.Model(images, model(inner), name=f"{model.name}_augmented")
