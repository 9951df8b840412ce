import subprocess
import sys
import warnings

import keras
import numpy as np
import pytest
from helpers import make_backbone_settings, make_description

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.saved_models import load_model, save_model
from stacker.backbones.building import build_backbone
from stacker.settings.members import Head
from stacker.training.heads import assemble_member, build_head

IMAGES = np.random.default_rng(0).integers(0, 256, (3, 32, 32, 3)).astype(np.float32)


def build_small_member(image_size: int | None = None) -> keras.Model:
    backbone = build_backbone("pet", make_backbone_settings("MobileNetV3Small", image_size=image_size), 32)
    features = keras.ops.convert_to_numpy(backbone(IMAGES, training=False))
    return assemble_member("pet", backbone, build_head(Head(standardize=True, dropout=0.5), features, 2, seed=0))


def test_a_process_without_our_code_loads_the_model_and_predicts_the_same(tmp_path):
    member = build_small_member(image_size=48)  # with a layer that resizes
    save_model(member, tmp_path / "pet.h5", make_description("pet"))
    np.save(tmp_path / "images.npy", IMAGES)
    code = (
        "import keras, numpy; model = keras.models.load_model('pet.h5', compile=False); "
        "numpy.save('predicted.npy', model({'pet': numpy.load('images.npy')}, training=False))"
    )

    subprocess.run([sys.executable, "-I", "-c", code], cwd=tmp_path, check=True, capture_output=True)

    expected = keras.ops.convert_to_numpy(member(IMAGES, training=False))
    np.testing.assert_allclose(np.load(tmp_path / "predicted.npy"), expected, atol=1e-6)


def test_save_model_writes_the_same_bytes_for_the_same_weights(tmp_path):
    contents = []
    for name in ("first.h5", "second.h5"):
        keras.utils.clear_session()
        save_model(build_small_member(), tmp_path / name, make_description("pet"))
        contents.append((tmp_path / name).read_bytes())

    assert contents[0] == contents[1]


def test_save_model_leaves_optimizer_and_compile_settings_out(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit(np.ones((2, 2)), np.ones((2, 1)), verbose=0)
    save_model(model, tmp_path / "small.h5", make_description("small"))

    with warnings.catch_warnings(record=True):
        reloaded = keras.models.load_model(tmp_path / "small.h5")
    assert getattr(reloaded, "optimizer", None) is None


@pytest.mark.parametrize("content", [None, b"no model"])
def test_load_model_says_which_stage_to_run_when_there_is_no_model(tmp_path, content):
    path = tmp_path / "pet.h5"
    if content:
        path.write_bytes(content)

    with pytest.raises(PipelineError, match=r"pet\.h5 cannot be loaded .*run `dvc repro train@pet`"):
        load_model(path, "train@pet")


def test_what_plain_keras_makes_of_a_file_is_what_we_make_of_it(tmp_path):
    """Also where Keras goes on with what a layer began with: of a nested Normalization with a variance of 1."""
    inputs, inner = keras.Input((5, 5, 3), name="one"), keras.Input((5, 5, 3))
    nested = keras.Model(inner, keras.layers.GlobalMaxPooling2D()(keras.layers.Normalization()(inner)))
    model = keras.Model(inputs, keras.layers.Dense(1)(nested(inputs)), name="one")
    save_model(model, tmp_path / "one.h5", make_description("one"))
    images = np.random.default_rng(0).uniform(0, 255, (2, 5, 5, 3)).astype(np.float32)

    plain = keras.models.load_model(tmp_path / "one.h5", compile=False)({"one": images})

    np.testing.assert_array_equal(load_model(tmp_path / "one.h5", "train@one")({"one": images}), plain)
    np.testing.assert_allclose(plain, model(images), rtol=1e-6)
