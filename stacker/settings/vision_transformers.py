"""The vision transformers, as plain data, so that settings are checked without importing Keras.

A network of theirs cuts a photo in square patches, makes a token of each, and lets the tokens look at one another in
one block after the other (Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929). Sizes are those that the papers
and the `config.json` of the weights' repositories give; `tests/backbones/` compares with Hugging Face `transformers`.
"""

from typing import Literal, NamedTuple

Triple = tuple[float, float, float]
HALVES: Triple = (0.5, 0.5, 0.5)
IMAGENET_MEAN, IMAGENET_DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Family(NamedTuple):
    """What the networks of one family have in common.

    Attributes:
        naming: how files with weights name their tensors (`stacker.backbones.tensor_names`).
        mean: of each channel, of pixels from 0 to 1: what scaling takes off.
        deviation: likewise, what it divides by.
        tokens: how many stand before those of the patches: the class token, then registers.
        epsilon: of layer normalisation.
        gelu: "exact", or its approximation by "tanh".
        is_scaled: does each block's contribution have a factor a channel (LayerScale)?
        has_pooling: does attention pool the patches at the end, where others have a class token?
        is_smoothed: are position embeddings smoothed where they are shrunk to another side?
    """

    naming: Literal["vit", "dinov2", "siglip"]
    mean: Triple = IMAGENET_MEAN
    deviation: Triple = IMAGENET_DEVIATION
    tokens: int = 1
    epsilon: float = 1e-6
    gelu: Literal["exact", "tanh"] = "exact"
    is_scaled: bool = False
    has_pooling: bool = False
    is_smoothed: bool = False


VIT = Family("vit", HALVES, HALVES, epsilon=1e-12)
DEIT = Family("vit", epsilon=1e-12)
DINOV2 = Family("dinov2", is_scaled=True)
REGISTERS = Family("dinov2", tokens=5, is_scaled=True, is_smoothed=True)
SIGLIP = Family("siglip", HALVES, HALVES, tokens=0, gelu="tanh", has_pooling=True)


class Size(NamedTuple):
    """The size of a network: channels of a token, blocks, heads of attention, channels of a block's hidden layer."""

    width: int
    depth: int
    heads: int
    hidden: int


TINY, SMALL, BASE = Size(192, 12, 3, 768), Size(384, 12, 6, 1536), Size(768, 12, 12, 3072)
LARGE = Size(1024, 24, 16, 4096)


class VisionTransformer(NamedTuple):
    """One network.

    Attributes:
        family: what it shares with others.
        size: its size.
        patch: side of a patch, pixels.
        native_size: side of the photos that its weights were trained on, pixels: of that many position embeddings.
        repository: where its weights are, on the Hugging Face Hub.
        licence: of these weights, as their repository states it.
    """

    family: Family
    size: Size
    patch: int
    native_size: int
    repository: str
    licence: str = "Apache-2.0"


VISION_TRANSFORMERS = {
    "ViTSmall16": VisionTransformer(VIT, SMALL, 16, 224, "WinKawaks/vit-small-patch16-224"),
    "ViTBase16": VisionTransformer(VIT, BASE, 16, 224, "google/vit-base-patch16-224-in21k"),
    "ViTLarge16": VisionTransformer(VIT, LARGE, 16, 224, "google/vit-large-patch16-224-in21k"),
    "DeiTTiny16": VisionTransformer(DEIT, TINY, 16, 224, "facebook/deit-tiny-patch16-224"),
    "DeiTSmall16": VisionTransformer(DEIT, SMALL, 16, 224, "facebook/deit-small-patch16-224"),
    "DeiTBase16": VisionTransformer(DEIT, BASE, 16, 224, "facebook/deit-base-patch16-224"),
    "DINOv2Small14": VisionTransformer(DINOV2, SMALL, 14, 518, "facebook/dinov2-small"),
    "DINOv2Base14": VisionTransformer(DINOV2, BASE, 14, 518, "facebook/dinov2-base"),
    "DINOv2Large14": VisionTransformer(DINOV2, LARGE, 14, 518, "facebook/dinov2-large"),
    "DINOv2RegistersSmall14": VisionTransformer(REGISTERS, SMALL, 14, 518, "facebook/dinov2-with-registers-small"),
    "DINOv2RegistersBase14": VisionTransformer(REGISTERS, BASE, 14, 518, "facebook/dinov2-with-registers-base"),
    "DINOv2RegistersLarge14": VisionTransformer(REGISTERS, LARGE, 14, 518, "facebook/dinov2-with-registers-large"),
    "SigLIPBase16": VisionTransformer(SIGLIP, BASE, 16, 224, "google/siglip-base-patch16-224"),
    "SigLIPLarge16": VisionTransformer(SIGLIP, LARGE, 16, 256, "google/siglip-large-patch16-256"),
    "SigLIP2Base16": VisionTransformer(SIGLIP, BASE, 16, 224, "google/siglip2-base-patch16-224"),
    "SigLIP2Large16": VisionTransformer(SIGLIP, LARGE, 16, 256, "google/siglip2-large-patch16-256"),
}
