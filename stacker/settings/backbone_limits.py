"""What a backbone cannot do with its other settings."""

from collections.abc import Iterator

from stacker.settings.architectures import ARCHITECTURES
from stacker.settings.backbone import Backbone
from stacker.settings.vision_transformers import VISION_TRANSFORMERS
from stacker.settings.weights import HUB_FORM, IMAGENET, name_weights_file, read_hub_weights

SIDE_ADVICE = "this member's `backbone.image_size`"


def list_beyond_backbone(backbone: Backbone, array_size: int) -> Iterator[str]:
    """What is wrong with a member's backbone, and what to do; each line begins behind the member's label.

    Args:
        backbone: complete.
        array_size: side of the prepared images, pixels.
    """
    side = backbone.image_size or array_size
    is_transformer = backbone.name in VISION_TRANSFORMERS
    yield from _check_patches(backbone, side) if is_transformer else _check_minimum(backbone, side)
    if backbone.pooling == "token" and not is_transformer:
        yield f"{backbone.name} has no class token: set `backbone.pooling` to avg, max or flatten, received token"
    yield from _check_kind_of_weights(backbone, is_transformer)
    yield from _check_pin(backbone)


def _check_minimum(backbone: Backbone, side: int) -> Iterator[str]:
    minimum = ARCHITECTURES[backbone.name].minimum_size
    if side < minimum:
        yield (
            f"{backbone.name} needs images of at least {minimum} px, received {side}: raise `data.image_size`, or set "
            f"{SIDE_ADVICE}"
        )


def _check_patches(backbone: Backbone, side: int) -> Iterator[str]:
    patch = VISION_TRANSFORMERS[backbone.name].patch
    if side % patch:
        lower = side // patch * patch
        near = " or ".join(str(one) for one in (lower, lower + patch) if one >= 32)
        yield (
            f"{backbone.name} cuts images in patches of {patch} px, and {side} is no multiple of it: set "
            f"{SIDE_ADVICE} to {near}"
        )


def _check_kind_of_weights(backbone: Backbone, is_transformer: bool) -> Iterator[str]:
    weights = backbone.weights
    taken, other = (".safetensors", (".h5", ".hdf5")) if is_transformer else (".h5", ".safetensors")
    if is_transformer and weights == IMAGENET:
        where = VISION_TRANSFORMERS[backbone.name].repository
        yield (
            f"there are no `imagenet` weights for {backbone.name}: set this member's `backbone.weights` to "
            f"`hf:{where}@COMMIT`, to the path of its model.safetensors, or to null for random ones"
        )
    elif not is_transformer and read_hub_weights(weights):
        yield f"{backbone.name} takes `imagenet`, null or the path of an .h5 file, received {weights!r}"
    elif weights is not None and weights.endswith(other):
        yield f"{backbone.name} takes weights from a file that ends in {taken}, received {weights!r}"


def _check_pin(backbone: Backbone) -> Iterator[str]:
    """No stage depends on the file of weights: only what the settings say of it tells DVC that it is another one."""
    weights, is_pinned = backbone.weights, backbone.weights_sha256 is not None
    path, hub = name_weights_file(weights), read_hub_weights(weights)
    if path is not None and not is_pinned:
        yield (
            f"`backbone.weights: {path}` needs `weights_sha256` beside it, as DVC does not see that a file was "
            f"replaced: `sha256sum {path}` prints it"
        )
    if hub is not None and not hub.revision and not is_pinned:
        yield (
            f"`backbone.weights: {weights}` names a branch that moves: write `{HUB_FORM}`, or set `weights_sha256` "
            "beside it"
        )
    if is_pinned and path is None and hub is None:
        yield f"`backbone.weights_sha256` is of a file, and `weights` is {weights or 'null'}: set it to null"
