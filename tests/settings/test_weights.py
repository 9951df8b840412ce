"""What a backbone starts from, as settings say it."""

import pytest
from helpers import make_backbone_settings, write_edited

from stacker.artifacts.errors import PipelineError
from stacker.settings.backbone import Backbone
from stacker.settings.weights import name_weights, name_weights_file, read_hub_weights
from stacker.settings.whole import load_settings

COMMIT, SHA = "ed25f3a3" * 5, "0123456789abcdef" * 4
DINO = f"hf:facebook/dinov2-small@{COMMIT}"


@pytest.mark.parametrize(
    ("weights", "name", "path"),
    [
        (None, "random", None),
        ("imagenet", "imagenet", None),
        ("/home/me/w/xception.h5", "xception.h5", "/home/me/w/xception.h5"),
        (DINO, DINO, None),
    ],
)
def test_weights_are_named_without_their_folder(weights, name, path):
    assert name_weights(weights) == name
    assert name_weights_file(weights) == path


def test_weights_on_the_hub_are_a_repository_and_a_commit():
    assert read_hub_weights(DINO) == ("facebook/dinov2-small", COMMIT)
    assert read_hub_weights("hf:timm/vit.small_1") == ("timm/vit.small_1", None)
    assert read_hub_weights("weights.h5") is None
    assert read_hub_weights(None) is None


def test_the_licence_is_known_of_the_repository_that_the_table_names():
    assert make_backbone_settings("DINOv2Small14", weights=DINO).licence == "Apache-2.0"
    for name, weights in (("DINOv2Small14", "hf:me/mine"), ("DINOv2Base14", DINO), ("VGG16", None)):
        assert make_backbone_settings(name, weights=weights).licence is None


RIGHT = [
    {"name": "DINOv2Small14", "image_size": 42, "weights": DINO, "pooling": "token"},
    {"name": "DINOv2Small14", "image_size": 42, "weights": "hf:me/mine", "weights_sha256": SHA},
    {"name": "SigLIP2Base16", "weights": "a/model.safetensors", "weights_sha256": SHA},
    {"name": "ViTSmall16", "weights": None, "pooling": "flatten"},
    {"name": "VGG16", "weights": "a/vgg.h5", "weights_sha256": SHA},
]


@pytest.mark.parametrize("backbone", RIGHT)
def test_what_goes_together_is_taken(workspace, backbone):
    write_edited({"members.first.backbone": backbone})

    received = load_settings().members["first"].backbone

    assert received == Backbone(**backbone)


WRONG = [
    (
        {"name": "DINOv2Small14", "weights": None},
        "members.first: DINOv2Small14 cuts images in patches of 14 px, and 32 is no multiple of it: set this member's "
        "`backbone.image_size` to 42",
    ),
    (
        {"name": "ViTSmall16", "weights": None, "image_size": 50},
        "ViTSmall16 cuts images in patches of 16 px, and 50 is no multiple of it: set this member's "
        "`backbone.image_size` to 48 or 64",
    ),
    (
        {"name": "VGG16", "weights": None, "pooling": "token"},
        "members.first: VGG16 has no class token: set `backbone.pooling` to avg, max or flatten, received token",
    ),
    (
        {"name": "ViTSmall16", "weights": "imagenet"},
        "there are no `imagenet` weights for ViTSmall16: set this member's `backbone.weights` to "
        "`hf:WinKawaks/vit-small-patch16-224@COMMIT`, to the path of its model.safetensors, or to null",
    ),
    ({"name": "VGG16", "weights": DINO}, "VGG16 takes `imagenet`, null or the path of an .h5 file, received 'hf:face"),
    (
        {"name": "ViTSmall16", "weights": "a/vit.h5", "weights_sha256": SHA},
        "ViTSmall16 takes weights from a file that ends in .safetensors, received 'a/vit.h5'",
    ),
    (
        {"name": "VGG16", "weights": "a/vgg.safetensors", "weights_sha256": SHA},
        "VGG16 takes weights from a file that ends in .h5, received 'a/vgg.safetensors'",
    ),
    (
        {"name": "VGG16", "weights": "a/vgg.h5"},
        "`backbone.weights: a/vgg.h5` needs `weights_sha256` beside it, as DVC does not see that a file was replaced: "
        "`sha256sum a/vgg.h5` prints it",
    ),
    (
        {"name": "ViTSmall16", "weights": "hf:me/mine"},
        "`backbone.weights: hf:me/mine` names a branch that moves: write `hf:OWNER/NAME@COMMIT`, or set",
    ),
    (
        {"name": "VGG16", "weights": "imagenet", "weights_sha256": SHA},
        "`backbone.weights_sha256` is of a file, and `weights` is imagenet: set it to null",
    ),
    (
        {"name": "ViTSmall16", "weights": "hf:me/mine@main"},
        "written `hf:OWNER/NAME@COMMIT`, the commit in 40 hexadecimal digits",
    ),
    ({"name": "VGG16", "weights": "w.h5", "weights_sha256": SHA[:-1]}, "weights_sha256: expected"),
    ({"name": "dinov2small"}, "unknown backbone. Near matches: DINOv2Small14"),
]


@pytest.mark.parametrize(("backbone", "message"), WRONG)
def test_what_does_not_go_together_is_named(workspace, backbone, message):
    write_edited({"members.first.backbone": backbone})

    with pytest.raises(PipelineError) as caught:
        load_settings()

    assert message in " ".join(str(caught.value).split())
