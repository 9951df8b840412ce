import pytest
import yaml
from helpers import edited, small_settings, write_edited, write_params

from stacker.artifacts.errors import PipelineError
from stacker.settings.backbone import load_backbone
from stacker.settings.members import load_member
from stacker.settings.merging import complete_members
from stacker.settings.whole import load_settings


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


@pytest.mark.parametrize("label", ["first", "second"])
def test_a_member_is_the_same_read_alone_as_in_the_whole(workspace, label):
    write_edited({"backbone.pooling": "max", "members.first.backbone": {"name": "VGG16", "pooling": "flatten"}})

    assert load_member(label) == load_settings().members[label]
    assert load_backbone(label) == load_settings().members[label].backbone


def test_load_backbone_names_a_wrong_setting_where_it_stands(workspace):
    write_edited({"backbone.seed": -1, "members.first.backbone": {"name": "VGG16", "pooling": "mean"}})

    with pytest.raises(PipelineError, match="2 wrong setting") as caught:
        load_backbone("first")

    assert "\n  members.first.backbone.pooling: " in str(caught.value)
    assert "\n  backbone.seed: " in str(caught.value)


def test_load_member_names_a_wrong_setting_where_it_stands(workspace):
    write_edited({"training.epochs": 0, "members.first.training": {"batch_size": -4}})

    with pytest.raises(PipelineError, match="2 wrong setting") as caught:
        load_member("first")

    assert "\n  members.first.training.batch_size: " in str(caught.value)
    assert "\n  training.epochs: " in str(caught.value)


def test_a_backbone_that_nobody_describes_lacks_a_name(workspace):
    write_edited({"backbone": "DELETE", "members.first": {}})

    with pytest.raises(
        PipelineError, match=r"\n  members\.first\.backbone\.name: this setting is missing: expected the name of a b"
    ):
        load_backbone("first")


def test_load_backbone_does_not_look_at_other_blocks(workspace):
    write_edited({"training.epochs": "ten", "data": 3})

    assert load_backbone("second").name == "MobileNetV3Small"


@pytest.mark.parametrize("members", [{}, ["VGG16"], None])
def test_without_members_there_is_none_to_choose_from(workspace, members):
    write_edited({"members": members})

    with pytest.raises(PipelineError, match=r"no member is called 'first' in .*: choose from \(there is none\)"):
        load_member("first")
