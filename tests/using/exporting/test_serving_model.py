"""What is put around a saved model that is to be served."""

import keras
import numpy as np
import pytest
from helpers import make_description
from tiny_models import write_tiny_ensemble, write_tiny_member

from stacker.artifacts.errors import PipelineError
from stacker.uncertainty.novelty import DIMENSIONS, learn_familiar, measure_novelty
from stacker.using.classifier import load
from stacker.using.exporting.serving_model import build_serving_model, compute_whitening

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 48, 48, 3), np.uint8)
IMAGES[1:] //= np.array([1, 2, 3, 9], np.uint8)[:, None, None, None]  # noise is noise to a mean over all of it


@pytest.fixture(scope="module", params=["ensemble", "three", "one", "one_of_three"])
def classifier(request, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / f"{request.param}.h5"
    write = write_tiny_member if request.param.startswith("one") else write_tiny_ensemble
    write(path, class_count=3 if request.param.endswith("three") else 2)
    return load(path, "keras")


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_one_image_gives_what_the_classifier_says(classifier, dtype):
    expected = classifier.predict_images(IMAGES)

    model = build_serving_model(classifier.model, classifier.description, "image", dtype)
    received = model.predict_on_batch(IMAGES.astype(dtype))

    assert [(tensor.name, tensor.dtype, tensor.shape) for tensor in model.inputs] == [
        ("image", dtype, (None, 48, 48, 3))
    ]
    assert {name: values.dtype for name, values in received.items()} == dict.fromkeys(received, np.float32)
    assert np.ptp(expected.probabilities[:, 0]) > 0.05, "the images are too much alike to tell anything"
    np.testing.assert_allclose(received["probabilities"], expected.probabilities, rtol=0, atol=1e-6)
    np.testing.assert_allclose(received["novelty"], expected.novelty[:, None], rtol=1e-5)


def test_an_image_a_member_goes_to_that_member(tmp_path):
    write_tiny_ensemble(tmp_path / "ensemble.h5")
    classifier = load(tmp_path / "ensemble.h5", "keras")
    shown = {"first": IMAGES, "second": IMAGES[::-1]}

    model = build_serving_model(classifier.model, classifier.description, "members", "uint8")
    received = model.predict_on_batch([shown[tensor.name] for tensor in model.inputs])["probabilities"]

    saved = classifier.model
    expected = saved.predict_on_batch([shown[tensor.name].astype(np.float32) for tensor in saved.inputs])[:, 0]
    mixed_up = saved.predict_on_batch([shown[tensor.name][::-1].astype(np.float32) for tensor in saved.inputs])[:, 0]
    assert {tensor.name for tensor in model.inputs} == {"first", "second"}
    assert np.abs(expected - mixed_up).max() > 0.01
    np.testing.assert_allclose(received[:, 1], expected, rtol=0, atol=1e-6)
    np.testing.assert_allclose(received[:, 0], 1 - expected, rtol=0, atol=1e-6)


def test_layers_have_the_same_names_whatever_was_built_before(classifier):
    names = []
    for _ in range(2):
        keras.layers.Rescaling(1.0)(keras.Input((3,)))  # Keras numbers what has no name
        model = build_serving_model(classifier.model, classifier.description, "image", "uint8")
        names.append([layer.name for layer in model.layers])

    assert names[0] == names[1]


def test_whitening_of_many_features_is_that_of_the_novelty():
    generator = np.random.default_rng(1)
    features = generator.gamma(0.3, size=(300, 2 * DIMENSIONS)).astype(np.float32)
    familiar = learn_familiar(features[:200], features[200:])

    kernel, bias = compute_whitening(features.shape[1], familiar)
    units = features / np.linalg.norm(features, axis=1, keepdims=True)
    received = ((units @ kernel + bias) ** 2).sum(axis=1)

    assert kernel.shape == (2 * DIMENSIONS, DIMENSIONS)
    np.testing.assert_allclose(received, measure_novelty(features, familiar), rtol=1e-4)


def test_a_model_that_is_not_built_as_described_is_refused():
    images = keras.Input((48, 48, 3), name="one")
    flat = keras.layers.GlobalAveragePooling2D(name="mean")(images)
    model = keras.Model(images, keras.layers.Dense(1, "sigmoid")(flat))

    with pytest.raises(PipelineError, match="one is not built as its description says: .*pool"):
        build_serving_model(model, make_description("one"), "image", "uint8")
