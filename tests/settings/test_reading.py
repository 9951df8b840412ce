from pathlib import Path

import pytest
import yaml
from helpers import edited, small_settings, write_edited, write_params

from stacker.artifacts.errors import PipelineError
from stacker.settings.reading import PARAMS, complete_members, load_member, load_settings


def test_load_settings_accepts_the_small_settings(workspace):
    settings = load_settings()

    assert list(settings.members) == ["first", "second"]
    assert settings.members["first"].backbone.name == "MobileNetV2"


def test_load_settings_accepts_the_projects_own_params_yaml(pytestconfig):
    assert len(load_settings(pytestconfig.rootpath / "params.yaml").members) == 3


WRONG_SETTINGS = [
    # unknown and missing keys
    ({"data.colour": "red"}, ["data.colour", "no such setting"]),
    ({"training.epoch": 3}, ["training.epoch", "no such setting"]),
    ({"extra": 1}, ["extra", "no such setting"]),
    ({"data.seed": "DELETE"}, ["data.seed", "missing"]),
    ({"stacking": "DELETE"}, ["stacking", "missing"]),
    ({"training.epochs": "DELETE"}, ["training.epochs", "missing"]),
    ({"members.first": {}}, ["members.first.backbone.name", "missing"]),
    # wrong types and ranges
    ({"training.epochs": "ten"}, ["training.epochs", "integer", "received 'ten'"]),
    ({"training.epochs": 2.0}, ["training.epochs", "integer", "2.0"]),
    ({"training.epochs": 0}, ["training.epochs", "greater than 0", "received 0"]),
    ({"training.batch_size": True}, ["training.batch_size", "integer", "True"]),
    ({"training.learning_rate": -1.0}, ["training.learning_rate", "greater than 0", "-1.0"]),
    ({"training.optimizer": "adm"}, ["training.optimizer", "'adam'", "'rmsprop'", "received 'adm'"]),
    ({"training.schedule": "step"}, ["training.schedule", "'constant'", "'cosine'"]),
    ({"backbone.pooling": "mean"}, ["backbone.pooling", "'avg'", "'flatten'", "received 'mean'"]),
    ({"members.first.head": {"hidden": 64}}, ["members.first.head.hidden", "list", "received 64"]),
    ({"members.first.head": {"dropout": 1.0}}, ["members.first.head.dropout", "less than 1"]),
    ({"data.fit": "squash"}, ["data.fit", "'stretch'", "'pad'", "received 'squash'"]),
    ({"data.splits.test": 1.5}, ["data.splits.test", "less than 1", "1.5"]),
    ({"data.fetch": {"a": {"kind": "ftp"}}}, ["data.fetch.a", "'digits'", "'archive'", "'tfds'"]),
    ({"data.fetch": {"a": {"kind": "archive", "url": "cats.zip"}}}, ["data.fetch.a", "url", "'cats.zip'"]),
    (
        {"data.fetch": {"a": {"kind": "archive", "url": "https://x/y.zip", "sha256": "12"}}},
        ["data.fetch.a", "sha256", "'12'"],
    ),
    ({"inference.engine": "gpu"}, ["inference.engine", "'openvino'", "received 'gpu'"]),
    ({"stacking.folds": 1}, ["stacking.folds", "greater than or equal to 2", "received 1"]),
    ({"stacking.meta_models": {"boss": {}}}, ["stacking.meta_models.boss", "'ensemble'"]),
    ({"members": ["MobileNetV2", "Xception"]}, ["members", "dictionary"]),
    # backbones
    ({"members.first.backbone": "Xceptoin"}, ["members.first.backbone.name", "Xception", "received 'Xceptoin'"]),
    ({"members.first.backbone": "mobilenetv2"}, ["unknown backbone", "MobileNetV2"]),
    ({"members.first.backbone": "QQQ"}, ["unknown backbone", "Valid names", "VGG16", "Xception"]),
    ({"members.first.backbone": "Xception"}, ["members.first", "Xception", "71 px", "received 32", "image_size"]),
    ({"members.first.backbone": {"name": "InceptionV3", "image_size": 74}}, ["75 px", "received 74"]),
    ({"data.image_size": 16}, ["data.image_size", "32", "received 16"]),
    ({"backbone.weights": "nowhere.h5"}, ["backbone.weights", "imagenet", "existing weights file", "'nowhere.h5'"]),
    # keys that DVC's run-cache does not see
    ({"data.size": 3}, ["data.size", "invisible to DVC's run-cache"]),
    ({"members.first.head": {"size": 3}}, ["members.first.head.size", "invisible"]),
    ({"members.nfiles": {"backbone": "VGG16"}}, ["members.nfiles", "invisible"]),
    ({"data.fetch": {"a": {"list": [{"nfiles": 1}]}}}, ["data.fetch.a.list.0.nfiles", "invisible"]),
    # labels
    ({"members.My-Net": {"backbone": "VGG16"}}, ["members.My-Net", "lower-case letter", "'My-Net'"]),
    ({"members.1st": {"backbone": "VGG16"}}, ["members.1st", "lower-case letter"]),
    ({"members.a/b": {"backbone": "VGG16"}}, ["members.a/b", "lower-case letter"]),
    ({f"members.{'a' * 42}": {"backbone": "VGG16"}}, ["41 characters"]),
    ({"members.ensemble": {"backbone": "VGG16"}}, ["members.ensemble", "kept for"]),
    ({"members.leaderboard": {"backbone": "VGG16"}}, ["members.leaderboard", "kept for"]),
    ({"members.probabilities": {"backbone": "VGG16"}}, ["members.probabilities", "kept for"]),
    ({"members.hidden_0": {"backbone": "VGG16"}}, ["members.hidden_0", "kept for"]),
    ({"members.pool": {"backbone": "VGG16"}}, ["members.pool", "kept for"]),
    ({"members.member_first": {"backbone": "VGG16"}}, ["members.member_first", "kept for"]),
    ({"data.fetch": {"Cats": {"kind": "digits"}}}, ["data.fetch.Cats", "lower-case letter"]),
    # what must agree
    ({"members.second": "DELETE"}, ["at least two members", "first", "stacking.meta_models: {}"]),
    ({"members": {}}, ["members", "empty"]),
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
    write_edited({"data.seed": -1, "training.epochs": "x", "inference.engine": "gpu", "stacking.folds": "DELETE"})

    with pytest.raises(PipelineError, match="4 wrong setting") as caught:
        load_settings()

    for where in ("data.seed", "training.epochs", "stacking.folds", "inference.engine"):
        assert where in str(caught.value)


def test_load_settings_reports_every_member_that_is_too_small_at_once(workspace):
    write_edited({"members.first.backbone": "Xception", "members.second.backbone": "InceptionV3"})

    with pytest.raises(PipelineError, match=r"(?s)members\.first: Xception.*members\.second: InceptionV3"):
        load_settings()


def test_load_settings_accepts_one_member_when_there_is_no_meta_model(workspace):
    write_edited({"members.second": "DELETE", "stacking.meta_models": {}})

    assert list(load_settings().members) == ["first"]


def test_load_settings_accepts_a_weights_file_that_is_there(workspace):
    (workspace / "weights.h5").touch()
    write_edited({"members.first.backbone": {"name": "MobileNetV2", "weights": "weights.h5"}})

    settings = load_settings()

    assert settings.members["first"].backbone.weights == "weights.h5"
    assert settings.members["second"].backbone.weights is None


def test_load_settings_accepts_split_folders_of_different_names(workspace):
    write_edited({"data.splits": {"train": "train", "validation": "validation", "test": "test"}})

    assert load_settings().data.splits.test == "test"


def test_load_settings_says_what_to_do_when_the_file_is_missing(workspace):
    PARAMS.unlink()

    with pytest.raises(PipelineError, match=r"params.yaml is missing: copy one from profiles/"):
        load_settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [("a: [1", "not valid YAML"), ("- 1\n- 2", "received list"), ("", "received NoneType")],
)
def test_load_settings_refuses_a_file_that_is_no_mapping(workspace, text, words):
    PARAMS.write_text(text, encoding="utf-8")

    with pytest.raises(PipelineError, match=words):
        load_settings()


def test_members_take_shared_blocks_and_override_them_deeply(workspace):
    document = edited(
        small_settings(),
        {
            "training.augmentation": {"shift": 0.1, "zoom": 0.2},
            "members.first": {
                "backbone": {"name": "VGG16", "pooling": "max"},
                "training": {"epochs": 7, "augmentation": {"zoom": 0.3}},
            },
        },
    )
    write_params(document)

    settings = load_settings()

    first, second = settings.members["first"], settings.members["second"]
    assert (first.backbone.name, first.backbone.pooling, first.backbone.seed) == ("VGG16", "max", 1)
    assert (first.training.epochs, first.training.batch_size) == (7, 8)
    assert (first.training.augmentation.shift, first.training.augmentation.zoom) == (0.1, 0.3)
    assert (second.training.epochs, second.training.augmentation.zoom) == (1, 0.2)
    assert second.backbone.pooling == "avg"


def test_a_member_can_switch_off_what_the_shared_block_asks_for(workspace):
    write_edited(
        {"training.augmentation": {"shift": 0.1}, "members.first.training": {"augmentation": None}},
    )

    settings = load_settings()

    assert settings.members["first"].training.augmentation is None
    assert settings.members["second"].training.augmentation.shift == 0.1


def test_complete_members_leaves_the_document_as_it_was():
    document = small_settings()
    before = yaml.safe_dump(document)

    complete_members(document)

    assert yaml.safe_dump(document) == before


def test_the_short_form_of_a_backbone_means_its_name(workspace):
    write_edited({"members.first.backbone": "VGG16", "members.second.backbone": {"name": "VGG16"}})

    members = load_settings().members

    assert members["first"] == members["second"]


def test_load_member_lists_the_members_when_there_is_none_of_that_name(workspace):
    with pytest.raises(PipelineError, match="no member is called 'third'.*choose from first, second"):
        load_member("third")


def test_load_member_returns_the_member_and_all_settings(workspace):
    member, settings = load_member("second")

    assert member == settings.members["second"]


def test_load_settings_reads_small_numbers_as_dvc_exp_run_writes_them(workspace):
    write_edited({"training.learning_rate": 123.5})
    text = Path("params.yaml").read_text(encoding="utf-8")
    Path("params.yaml").write_text(text.replace("123.5", "1e-05"), encoding="utf-8")

    assert load_settings().members["first"].training.learning_rate == 1e-5
