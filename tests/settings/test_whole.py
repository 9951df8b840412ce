from pathlib import Path

import pytest
from helpers import write_edited, write_params

from stacker.artifacts.errors import PipelineError
from stacker.settings.whole import load_settings


def test_load_settings_accepts_the_small_settings(workspace):
    settings = load_settings()

    assert list(settings.members) == ["first", "second"]
    assert settings.members["first"].backbone.name == "MobileNetV2"


PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "path", [PROJECT / "params.yaml", *sorted(PROJECT.glob("profiles/*.yaml"))], ids=lambda p: p.stem
)
def test_load_settings_accepts_the_projects_own_files(path):
    assert load_settings(path).members


def test_a_file_may_say_next_to_nothing(workspace):
    empty = ("fetch", "backbone", "training", "stacking", "ensemble_check", "inference", "cross_validation")
    write_params(
        {
            "backend": "jax",
            "data": {"images": "photos"},
            "members": {"first": {"backbone": "VGG16"}, "second": {"backbone": "VGG19"}},
            "meta_models": {"ensemble": {}, "another": {}},
            **{block: {} for block in empty},
        }
    )

    settings = load_settings()

    assert settings.backend == "jax"
    assert settings.members["first"].backbone.weights == "imagenet"
    assert (settings.data.image_size, settings.data.splits.test, settings.data.near_duplicates) == (224, 0.2, 2)
    assert list(settings.meta_models) == ["ensemble", "another"]
    assert settings.ensemble_check.photos == 64


WRONG_SETTINGS = [
    # unknown and missing keys
    ({"data.colour": "red"}, ["data.colour", "no such setting"]),
    ({"training.epoch": 3}, ["training.epoch", "no such setting"]),
    ({"extra": 1}, ["extra", "no such setting"]),
    ({"members.first.training": {"epoch": 3}}, ["members.first.training.epoch: there is no such setting"]),
    ({"data.images": "DELETE"}, ["data.images: this setting is missing"]),
    ({"members.first": {}}, ["members.first.backbone.name: this setting is missing"]),
    ({"training.fine_tune": {}}, ["  training.fine_tune.layers: this setting is missing"]),
    ({"members.first.training": {"fine_tune": {}}}, ["members.first.training.fine_tune.layers: this setting is mis"]),
    # how images are resized
    ({"data.interpolation": "area"}, ["data.interpolation: every image is shrunk by area now", "write `auto`, "]),
    (
        {"data.interpolation": "nearest"},
        ["data.interpolation: expected `auto`, `linear` or `cubic`; received 'nearest'"],
    ),
    ({"data.background": [255, 255, 256]}, ["data.background.2", "255", "256"]),
    ({"data.background": [255, 255]}, ["data.background: expected a list of 3, ", "received [255, 255]"]),
    # blocks that DVC tracks, so that they must be there, and places of earlier files
    ({"stacking": "DELETE"}, ["stacking: this block is missing: add `stacking: {}`"]),
    ({"fetch": "DELETE"}, ["fetch: this block is missing: add `fetch: {}`"]),
    ({"meta_models": "DELETE"}, ["meta_models: this block is missing: add `meta_models: {}`"]),
    ({"ensemble_check": "DELETE"}, ["ensemble_check: this block is missing: add `ensemble_check: {}`"]),
    ({"training": "DELETE"}, ["training: this block is missing: add `training: {}`"]),
    ({"training": None}, ["training: ", "received null (write {} for an empty block)"]),
    ({"backend": "DELETE"}, ["backend: this setting is missing: add `backend: tensorflow`"]),
    ({"data.fetch": {}}, ["data.fetch: this block has moved: write it as `fetch`"]),
    ({"stacking.meta_models": {}}, ["stacking.meta_models: this block has moved: write it as `meta_models`"]),
    # wrong types and ranges
    ({"training.epochs": "ten"}, ["training.epochs: expected a whole number", "received 'ten'"]),
    ({"training.epochs": 2.0}, ["training.epochs: expected a whole number", "received 2.0 (", "write 2)"]),
    ({"training.epochs": 0}, ["training.epochs", "at least 1", "received 0"]),
    ({"training.batch_size": True}, ["training.batch_size: expected a whole number", "received true"]),
    ({"training.learning_rate": -1.0}, ["training.learning_rate", "above 0", "-1.0"]),
    ({"training.optimizer": "adm"}, ["training.optimizer", "`adam`", "`rmsprop`", "received 'adm'"]),
    ({"training.schedule": "step"}, ["training.schedule", "`constant` or `cosine`"]),
    ({"backbone.pooling": "mean"}, ["backbone.pooling", "`avg`", "`flatten`", "received 'mean'"]),
    ({"members.first.head": {"hidden": 64}}, ["members.first.head.hidden", "list", "received 64"]),
    (
        {"members.first.head": {"dropout": 1.0}},
        ["members.first.head.dropout", "of at least 0 and below 1", "received 1.0"],
    ),
    ({"data.fit": "squash"}, ["data.fit", "`stretch`", "`pad`", "received 'squash'"]),
    ({"data.splits.test": 1.5}, ["data.splits.test", "above 0 and below 1, or the name of a folder", "1.5"]),
    ({"fetch": {"a": {"kind": "ftp"}}}, ["fetch.a.kind: expected `digits`, `archive` or `tfds`; received 'ftp'"]),
    ({"fetch": {"a": {"kind": "archive", "url": "cats.zip"}}}, ["fetch.a", "url", "'cats.zip'"]),
    (
        {"fetch": {"a": {"kind": "archive", "url": "https://x/y.zip", "sha256": "12"}}},
        ["fetch.a", "sha256", "'12'"],
    ),
    ({"inference.engine": "gpu"}, ["inference.engine", "`openvino`", "received 'gpu'"]),
    ({"stacking.folds": 1}, ["stacking.folds", "from 2 to 50", "received 1"]),
    ({"backend": "theano"}, ["backend: expected `tensorflow`, `jax` or `torch`; received 'theano'"]),
    ({"backend": "Tensorflow"}, ["backend: ", "received 'Tensorflow'"]),
    (
        {"ensemble_check.photos": 0},
        ["ensemble_check.photos: expected `all`, or a whole number of at least 1; received 0"],
    ),
    ({"ensemble_check.photos": "most"}, ["ensemble_check.photos: ", "`all`", "received 'most'"]),
    ({"meta_models.ensemble": {"fit": "adam", "epochs": 0}}, ["meta_models.ensemble.epochs: ", "at least 1"]),
    (
        {"meta_models.ensemble": {"fit": "adam", "spread": 1.0}},
        ["meta_models.ensemble.spread: this setting goes with `fit: penalised` alone"],
    ),
    ({"meta_models.ensemble.fit": "adm"}, ["meta_models.ensemble.fit: expected `penalised` or `adam`; received 'adm'"]),
    (
        {"meta_models.ensemble.learning_rate": 0.01, "meta_models.ensemble.epochs": 9},
        [
            "meta_models.ensemble.learning_rate: this setting goes with `fit: adam` alone: remove it, or",
            "meta_models.ensemble.epochs: this setting goes",
        ],
    ),
    (
        {"meta_models.ensemble.hidden": [4, 3]},
        ["meta_models.ensemble.hidden: expected a list of at most 1, each entry"],
    ),
    ({"meta_models.ensemble.spread": -0.1}, ["meta_models.ensemble.spread: ", "a number of at least 0"]),
    ({"meta_models.ensemble.weight_spread": 0}, ["meta_models.ensemble.weight_spread: ", "above 0"]),
    (
        {"meta_models.ensemble.class_weights": "none"},
        ["meta_models.ensemble.class_weights: ", "`balanced`", "YAML's word for it is null"],
    ),
    (
        {"meta_models.ensemble.calibration": "temperature", "stacking.fit_on": "train"},
        ["meta_models.ensemble.calibration: a temperature is fitted on held-out rows", "oof or holdout"],
    ),
    ({"meta_models.ensemble.calibration": "platt"}, ["meta_models.ensemble.calibration: ", "`temperature`"]),
    # numbers that are none
    (
        {"training.learning_rate": float("inf")},
        ["training.learning_rate: ", "received inf (infinite numbers are refused)"],
    ),
    ({"training.learning_rate": float("nan")}, ["training.learning_rate: ", "received nan"]),
    ({"meta_models.ensemble.weight_spread": float("inf")}, ["meta_models.ensemble.weight_spread: ", "infinite"]),
    ({"stacking.holdout": float("nan")}, ["stacking.holdout: ", "received nan"]),
    (
        {"members": ["MobileNetV2", "Xception"]},
        ["members: expected a block of settings, such as `{<label>: {backbone: Xception}}`"],
    ),
    # backbones
    ({"members.first.backbone": "Xceptoin"}, ["members.first.backbone.name", "Xception", "received 'Xceptoin'"]),
    ({"members.first.backbone": "mobilenetv2"}, ["unknown backbone", "MobileNetV2"]),
    ({"members.first.backbone": "QQQ"}, ["unknown backbone", "Valid names", "VGG16", "Xception"]),
    ({"members.first.backbone": "Xception"}, ["members.first", "Xception", "71 px", "received 32", "image_size"]),
    ({"members.first.backbone": {"name": "InceptionV3", "image_size": 74}}, ["75 px", "received 74"]),
    ({"data.image_size": 16}, ["data.image_size", "32", "received 16"]),
    # the project's own folder holds no photos, but the outputs
    ({"data.images": ""}, ["data.images: ", "name the folder", "received ''"]),
    ({"data.images": "."}, ["data.images: ", "name the folder", "received '.'"]),
    ({"data.images": ".."}, ["data.images: ", "received '..'"]),
    ({"data.images": " "}, ["data.images: ", "received ' '"]),
    ({"data.images": "photos/../.."}, ["data.images: ", "received 'photos/../..'"]),
    # keys that DVC's run-cache does not see
    ({"data.size": 3}, ["data.size", "invisible to DVC's run-cache"]),
    ({"members.first.head": {"size": 3}}, ["members.first.head.size", "invisible"]),
    ({"members.nfiles": {"backbone": "VGG16"}}, ["members.nfiles", "invisible"]),
    ({"fetch": {"a": {"list": [{"nfiles": 1}]}}}, ["fetch.a.list.0.nfiles", "invisible"]),
    # labels
    ({"members.My-Net": {"backbone": "VGG16"}}, ["members.My-Net", "lower-case letter", "'My-Net'"]),
    ({"members.1st": {"backbone": "VGG16"}}, ["members.1st", "lower-case letter"]),
    ({"members.a/b": {"backbone": "VGG16"}}, ["members.a/b", "lower-case letter"]),
    ({f"members.{'a' * 42}": {"backbone": "VGG16"}}, ["41 characters"]),
    ({"members.ensemble": {"backbone": "VGG16"}}, ["meta_models.ensemble: a member is called ensemble too"]),
    ({"members.members": {"backbone": "VGG16"}}, ["members.members: that label is kept for"]),
    ({"members.details": {"backbone": "VGG16"}}, ["members.details: that label is kept for"]),
    ({"members.audit": {"backbone": "VGG16"}}, ["members.audit: that label is kept for"]),
    ({"meta_models.members": {}}, ["meta_models.members: that label is kept for"]),
    ({"meta_models.leaderboard": {}}, ["meta_models.leaderboard: that label is kept for"]),
    ({"meta_models.audit": {}}, ["meta_models.audit: that label is kept for"]),
    ({"meta_models.Boss": {}}, ["meta_models.Boss", "lower-case letter"]),
    ({"members.leaderboard": {"backbone": "VGG16"}}, ["members.leaderboard", "kept for"]),
    ({"members.probabilities": {"backbone": "VGG16"}}, ["members.probabilities", "kept for"]),
    ({"members.hidden_0": {"backbone": "VGG16"}}, ["members.hidden_0", "kept for"]),
    ({"members.pool": {"backbone": "VGG16"}}, ["members.pool", "kept for"]),
    ({"members.member_first": {"backbone": "VGG16"}}, ["members.member_first", "kept for"]),
    ({"fetch": {"Cats": {"kind": "digits"}}}, ["fetch.Cats", "lower-case letter"]),
    # what must agree
    ({"members.second": "DELETE"}, ["members: stacking needs at least two", "first", "meta_models: {}"]),
    ({"members": {}}, ["members: there is none: name at least one"]),
    ({"members.second.training": {"jit_compile": True}}, ["members.second: training.jit_compile: true does nothing"]),
    (
        {"training.warmup_epochs": 3},
        ["members.first and members.second: ", "`training.warmup_epochs`", "cosine", "received constant"],
    ),
    ({"members.second.training": {"warmup_epochs": 1}}, ["members.second: `training.warmup_epochs` needs"]),
    (
        {"members.second.training": {"schedule": "cosine", "epochs": 7, "warmup_epochs": 7}},
        ["members.second: `training.warmup_epochs: 7`", "`training.epochs: 7`: lower it to at most 6, or raise"],
    ),
    (
        {
            "training.schedule": "cosine",
            "training.epochs": 40,
            "training.warmup_epochs": 10,
            "members.first.training": {"fine_tune": {"layers": 3}},
        },
        ["members.first: `training.warmup_epochs: 10`", "of `training.fine_tune.epochs: 5`: lower it to at most 4, or"],
    ),
    (
        {"backbone.trainable": True, "training.fine_tune": {"layers": "all", "epochs": 1, "learning_rate": 0.1}},
        ["members.first", "backbone.trainable", "fine_tune"],
    ),
    (
        {"backbone.trainable": True, "members.first.head": {"standardize": True}},
        ["members.first", "standardize", "trainable"],
    ),
    (
        {"training.fine_tune": {"layers": 0, "epochs": 1, "learning_rate": 0.1}},
        ["training.fine_tune.layers", "received 0"],
    ),
    ({"data.splits": {"train": "a", "validation": 0.1, "test": "a"}}, ["data.splits", "folder of its own"]),
    ({"data.splits": {"train": "a", "validation": 0.1, "test": "a/"}}, ["data.splits", "folder of its own"]),
    ({"data.splits": {"train": "a", "validation": 0.1, "test": "./a"}}, ["data.splits", "folder of its own"]),
    ({"data.splits": {"train": "a", "validation": 0.1, "test": "a/b"}}, ["data.splits", "folder of its own"]),
    ({"data.splits": {"train": ".", "validation": 0.1, "test": "test"}}, ["data.splits", "fractions only"]),
    ({"data.splits": {"train": ".", "validation": 0.5, "test": 0.5}}, ["data.splits", "nothing to train on"]),
]


@pytest.mark.parametrize(("changes", "words"), WRONG_SETTINGS, ids=[str(changes)[:60] for changes, _ in WRONG_SETTINGS])
def test_load_settings_names_the_setting_when_it_is_wrong(workspace, changes, words):
    write_edited(changes)

    with pytest.raises(PipelineError) as caught:
        load_settings()

    message = str(caught.value)
    assert "params.yaml" in message
    assert [word for word in words if word not in message] == []


def test_load_settings_reports_all_errors_at_once(workspace):
    write_edited({"data.seed": -1, "training.epochs": "x", "inference.engine": "gpu", "stacking.folds": 1})

    with pytest.raises(PipelineError, match="4 wrong setting") as caught:
        load_settings()

    for where in ("data.seed", "training.epochs", "stacking.folds", "inference.engine"):
        assert where in str(caught.value)


def test_load_settings_reports_every_member_that_is_too_small_at_once(workspace):
    write_edited({"members.first.backbone": "Xception", "members.second.backbone": "InceptionV3"})

    with pytest.raises(PipelineError, match=r"(?s)members\.first: Xception.*members\.second: InceptionV3"):
        load_settings()


def test_load_settings_accepts_one_member_when_there_is_no_meta_model(workspace):
    write_edited({"members.second": "DELETE", "meta_models": {}})

    assert list(load_settings().members) == ["first"]


def test_load_settings_accepts_split_folders_of_different_names(workspace):
    write_edited({"data.splits": {"train": "train", "validation": "validation", "test": "test"}})

    assert load_settings().data.splits.test == "test"


@pytest.mark.parametrize("photos", [1, "all"])
def test_an_ensemble_is_checked_on_some_photos_or_all(workspace, photos):
    write_edited({"ensemble_check.photos": photos})

    assert load_settings().ensemble_check.photos == photos


@pytest.mark.parametrize(
    "schedule",
    [
        {"schedule": "cosine", "warmup_epochs": 3, "epochs": 4},
        {"schedule": "cosine", "warmup_epochs": 3, "epochs": 5, "fine_tune": {"layers": 3, "epochs": 4}},
        {"schedule": "cosine"},
        {"schedule": "constant"},
    ],
)
def test_warm_up_goes_with_a_cosine_and_leaves_an_epoch_at_the_full_rate(workspace, schedule):
    write_edited({"members.first.training": schedule})

    assert load_settings().members["first"].training.schedule == schedule["schedule"]


@pytest.mark.parametrize(("label", "other"), [("ensemble", "boss"), ("boss", "ensemble")])
def test_any_label_may_be_an_ensembles_and_any_other_a_members(workspace, label, other):
    write_edited({"meta_models": {label: {}}, f"members.{other}": {"backbone": "VGG16"}})

    assert list(load_settings().meta_models) == [label]


# where a value is wrong: in the block that all members share, or in a member's own
WRONG_VALUES = [
    ({"training.epochs": 0}, ["  training.epochs: "], ["members."]),
    ({"members.first.training": {"epochs": 0}}, ["  members.first.training.epochs: "], ["  training.", "second"]),
    ({"members.second.training": {"epochs": 0}}, ["  members.second.training.epochs: "], ["  training.", "first"]),
    (
        {"training.epochs": 0, "members.first.training": {"epochs": -1}},
        ["  training.epochs: expected a whole number of at least 1; received 0", "  members.first.training.epochs: "],
        ["second"],
    ),
    (  # the member says one thing of the block, the mistake is in another one, which it shares
        {"training.batch_size": 0, "members.first.training": {"epochs": 3}},
        ["  training.batch_size: "],
        ["members.", "epochs"],
    ),
    (
        {"members.first.training": {"fine_tune": {"layers": 0}}},
        ["  members.first.training.fine_tune.layers: "],
        ["  training.", "constrained", "literal"],
    ),
    ({"training.fine_tune": {"layers": 0}}, ["  training.fine_tune.layers: "], ["members.", "constrained", "literal"]),
    ({"members.first.backbone": {"name": "VGG16", "seed": -1}}, ["  members.first.backbone.seed: "], ["  backbone."]),
    ({"backbone.seed": -1}, ["  backbone.seed: "], ["members."]),
    (  # the same, one level deeper
        {"training.augmentation": {"zoom": "x"}, "members.first.training": {"augmentation": {"shift": 0.1}}},
        ["  training.augmentation.zoom: "],
        ["members.", "shift"],
    ),
    (
        {"training.augmentation": {"zoom": 0.1}, "members.first.training": {"augmentation": {"zoom": "x"}}},
        ["  members.first.training.augmentation.zoom: "],
        ["  training."],
    ),
    # what is wrong of a block as a whole stands in the file already, and is not printed
    ({"data.splits": {"train": "a", "test": "a"}}, ["  data.splits: each split needs"], ["received", "validation"]),
    ({"members": {}, "meta_models": {}}, ["  members: there is none: name at least one"], ["received", "fetch"]),
    ({"data.splits.test": 1.5}, ["  data.splits.test: "], ["constrained", ".str:"]),
    ({"fetch": {"a": {"kind": "archive", "url": "x"}}}, ["  fetch.a.url: "], ["fetch.a.archive"]),
    ({"members.first.head": {"hidden": [8, 0]}}, ["  members.first.head.hidden.1: "], ["hidden.0"]),
]


@pytest.mark.parametrize(
    ("changes", "words", "others"), WRONG_VALUES, ids=[str(changes)[:60] for changes, *_ in WRONG_VALUES]
)
def test_a_wrong_value_is_found_where_it_stands(workspace, changes, words, others):
    write_edited(changes)

    with pytest.raises(PipelineError) as caught:
        load_settings()

    assert [word for word in words if word not in str(caught.value)] == []
    assert [word for word in others if word in str(caught.value)] == []


def test_a_file_of_before_is_told_the_new_place_of_each_key(workspace):
    write_edited({"fetch": "DELETE", "meta_models": "DELETE", "data.fetch": {}, "stacking.meta_models": {}})

    with pytest.raises(
        PipelineError, match=r"(?s)data\.fetch: this block has moved.*stacking\.meta_models: this block"
    ):
        load_settings()
