"""A member's own size: no different from photos that were prepared at it."""

import cv2
import keras
import numpy as np
import pytest
from helpers import make_backbone_settings, make_description
from real_photos import list_real_photos

from stacker.artifacts.saved_models import save_model
from stacker.backbones.building import build_backbone
from stacker.backbones.resizing import build_resizing, compute_area_weights
from stacker.inference.openvino_export import export_openvino


def shrink(images: np.ndarray, side: int) -> np.ndarray:
    return np.stack([cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images])


def make_images(side: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (3, side, side, 3)).astype(np.float32)


def predict(model, images: np.ndarray) -> np.ndarray:
    return keras.ops.convert_to_numpy(model(images, training=False))


def test_area_weights_are_the_shares_of_each_pixel():
    # Five pixels on two: the third is cut in halves.
    expected = np.array([[0.4, 0], [0.4, 0], [0.2, 0.2], [0, 0.4], [0, 0.4]])

    np.testing.assert_allclose(compute_area_weights(5, 2), expected, atol=1e-7)


@pytest.mark.parametrize(("side", "wanted"), [(48, 32), (64, 32), (75, 71), (99, 32)])
def test_shrinking_averages_the_area_as_opencv_does(side, wanted):
    images = make_images(side)

    received = predict(build_resizing(side, wanted), images)

    np.testing.assert_allclose(received, shrink(images, wanted), atol=1e-3)


def test_growing_is_bilinear():
    images = make_images(32)
    expected = np.stack([cv2.resize(image, (48, 48), interpolation=cv2.INTER_LINEAR) for image in images])

    np.testing.assert_allclose(predict(build_resizing(32, 48), images), expected, atol=1e-3)


@pytest.mark.assets
def test_a_real_photo_is_as_smooth_inside_as_one_that_was_prepared():
    paths = list_real_photos(4)
    images = np.stack([cv2.resize(cv2.imread(str(path)), (299, 299)) for path in paths]).astype(np.float32)

    received = predict(build_resizing(299, 96), images)

    np.testing.assert_allclose(received, shrink(images, 96), atol=1e-2)
    sharpness = [cv2.Laplacian(image, cv2.CV_32F).var() for image in received]
    left_out = [cv2.Laplacian(image, cv2.CV_32F).var() for image in predict(keras.layers.Resizing(96, 96), images)]
    assert np.mean(sharpness) < 0.75 * np.mean(left_out)


def test_a_member_that_shrinks_is_saved_reloaded_and_exported(tmp_path):
    from openvino import Core

    images = make_images(48)
    backbone = build_backbone("one", make_backbone_settings(image_size=32), 48)
    prepared = build_backbone("one", make_backbone_settings(), 32)
    expected = predict(backbone, images)

    save_model(backbone, tmp_path / "one.h5", make_description("one"))
    reloaded = keras.models.load_model(tmp_path / "one.h5", compile=False)
    core = Core()
    compiled = core.compile_model(export_openvino(backbone, core), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    exported = compiled({"one": images})[0]

    assert not backbone.trainable_weights
    np.testing.assert_allclose(predict(prepared, shrink(images, 32)), expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(predict(reloaded, {"one": images}), expected, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(exported, expected, rtol=1e-3, atol=1e-5)


def test_what_shrinks_stays_frozen_where_the_network_is_trained():
    backbone = build_backbone("one", make_backbone_settings(image_size=32, trainable=True), 48)

    assert backbone.trainable_weights
    assert not backbone.get_layer("resize").trainable_weights
