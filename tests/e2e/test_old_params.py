"""A params.yaml that cannot be right is answered by `check`, which names the setting, and not by DVC.

DVC reads `dvc.yaml` first, with the mappings of `params.yaml` that it unfolds; `vars` in it give those that are absent.
"""

import pytest
import yaml

from .clone import Clone, Params, Repro, clone_working_tree

# The shape that files had before `fetch` and `meta_models` were blocks of their own, each setting written out.
OLD = """
data:
  fetch:
    digits: {kind: digits, classes: parity}
  images: data/raw/digits
  image_size: 75
  fit: stretch
  interpolation: linear
  splits: {train: ., validation: 0.1, test: 0.34}
  near_duplicates: null
  seed: 0
backbone: {weights: null, pooling: max, image_size: null, trainable: false, batch_norm_momentum: null, seed: 1}
training:
  epochs: 40
  batch_size: 32
  optimizer: adam
  learning_rate: 0.001
  schedule: constant
  warmup_epochs: 0
  patience: 6
  class_weights: null
  label_smoothing: 0.0
  augmentation: null
  fine_tune: null
  initial_scores: false
  precision: float32
  jit_compile: false
  seed: 1
members:
  mobilenet_v2: {backbone: MobileNetV2, head: {standardize: true, hidden: [256], dropout: 0.5}}
  xception: {backbone: Xception, head: {standardize: true, hidden: [256], dropout: 0.5}}
stacking:
  fit_on: oof
  folds: 5
  holdout: 0.2
  seed: 0
  meta_models:
    ensemble: {hidden: [10], epochs: 50, batch_size: 32, learning_rate: 0.01, calibration: null, seed: 0}
inference: {engine: auto, precision: float32, batch_size: 32}
"""
ARCHIVE = {
    "kind": "archive",
    "url": "https://storage.googleapis.com/mledu-datasets/cats_and_dogs_filtered.zip",
    "sha256": None,
}
# What made each old profile what it was, over the default's blocks.
PROFILES: dict[str, Params] = {
    "params": {},
    "before_and_after": {
        "data": {
            "fetch": {"cats_vs_dogs": {"kind": "tfds", "name": "cats_vs_dogs"}},
            "images": "data/raw/cats_vs_dogs",
        },
        "training": {"optimizer": "rmsprop", "patience": None, "initial_scores": True},
    },
    "cats_vs_dogs": {
        "data": {"fetch": {"cats_and_dogs_filtered": ARCHIVE}, "images": "data/raw/cats_and_dogs_filtered"},
        "inference": {"precision": "bfloat16"},
    },
    "compare_backbones": {"stacking": {"meta_models": {}}},
    "many_classes": {"data": {"fetch": {"digits": {"kind": "digits", "classes": "digit"}}}},
    "tutorial_stacking": {"backbone": {"trainable": True}, "stacking": {"fit_on": "train"}},
    "vgg16_augmented": {
        "members": {"vgg16": {"backbone": "VGG16"}},
        "training": {"augmentation": {"rotation_degrees": 40.0, "horizontal_flip": True}},
        "stacking": {"meta_models": {}},
    },
}


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Clone:
    return clone_working_tree(tmp_path_factory.mktemp("old_params") / "project")


def refuse(project: Clone, params: Params) -> Repro:
    """Run with `params`, and see that `check` was reached and has the last word."""
    project.write_params(params)
    repro = project.repro(fails=True)
    assert repro.ran == {"check"}, repro.output
    assert "failed to parse" not in repro.output
    assert "Traceback" not in repro.output
    return repro


@pytest.mark.parametrize("name", PROFILES)
def test_an_old_file_is_told_the_new_place_of_each_key(project, name):
    params = yaml.safe_load(OLD)
    for block, settings in PROFILES[name].items():
        params[block].update(settings)
    output = refuse(project, params).output
    assert "data.fetch: this block has moved: write it as `fetch`, at the top level of the file" in output
    assert "stacking.meta_models: this block has moved: write it as `meta_models`" in output
    assert "backend: this setting is missing: add `backend: tensorflow`" in output


def read_default(project: Clone) -> Params:
    return yaml.safe_load(project.git("show", "HEAD:params.yaml"))


def test_all_missing_blocks_are_named_at_once(project):
    params = {"data": read_default(project)["data"]}
    output = refuse(project, params).output
    blocks = {"fetch", "backbone", "training", "members", "stacking", "meta_models", "ensemble_check", "inference"}
    for block in blocks | {"cross_validation"}:
        assert f"  {block}: this block is missing" in output
    assert "  backend: this setting is missing" in output


def test_a_missing_folder_of_photos_is_named_with_its_setting(project):
    params = read_default(project)
    params["data"]["images"] = "my_photos"
    assert "data.images: there is no folder my_photos" in refuse(project, params).output


def test_a_missing_name_of_the_folder_of_photos_is_named_by_dvc(project):
    # `vars` can stand in for a mapping, not for one value: DVC then refuses the file that has it
    params = read_default(project)
    del params["data"]["images"]
    project.write_params(params)
    assert "Could not find 'data.images'" in project.repro(fails=True).output


def test_a_new_file_overrides_what_dvc_yaml_gives_for_absent_mappings(project):
    project.write_params(read_default(project))
    stages = project.stages()
    assert {"fetch@digits", "train@xception", "stack@ensemble"} <= stages
