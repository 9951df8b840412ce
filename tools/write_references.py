"""Write what Hugging Face `transformers` makes of small vision transformers, for `tests/backbones/references/`.

Each is a network of a family with all of its weights drawn at random, as `transformers` saves it, and the features that
it gives there, preprocessing included: our own are compared with them.

Usage: `python -m tools.write_references` (needs the dependency group `references`).
"""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import transformers

FOLDER = Path("tests/backbones/references")
SIDES = (16, 12, 28)  # the one that the network is made for, a smaller and a larger one
IMAGENET = {"image_mean": [0.485, 0.456, 0.406], "image_std": [0.229, 0.224, 0.225]}  # as their repositories say
IMAGES = 3


class Reference(NamedTuple):
    """The classes of `transformers` that stand for one family.

    Attributes:
        model: the network.
        settings: what its size is said with.
        processor: brings pixels to its scale.
        scale: what the weights' `preprocessor_config.json` sets of it.
        more: settings that are the family's own.
    """

    model: Any
    settings: Any
    processor: Any
    scale: dict[str, Any]
    more: dict[str, Any]


def list_references() -> dict[str, Reference]:
    """By family, as `stacker.settings.vision_transformers` calls it."""
    vit = (transformers.ViTModel, transformers.ViTConfig)
    return {
        "VIT": Reference(*vit, transformers.ViTImageProcessor, {}, {}),
        "DEIT": Reference(*vit, transformers.DeiTImageProcessor, IMAGENET, {}),
        "DINOV2": Reference(
            transformers.Dinov2Model, transformers.Dinov2Config, transformers.BitImageProcessor, IMAGENET, {}
        ),
        "REGISTERS": Reference(
            transformers.Dinov2WithRegistersModel,
            transformers.Dinov2WithRegistersConfig,
            transformers.BitImageProcessor,
            IMAGENET,
            {"num_register_tokens": 4},
        ),
        "SIGLIP": Reference(
            transformers.SiglipVisionModel, transformers.SiglipVisionConfig, transformers.SiglipImageProcessor, {}, {}
        ),
    }


def build_reference(reference: Reference, size: tuple[int, int, int, int], patch: int, side: int, seed: int) -> Any:
    """A network of `transformers` with all of its weights drawn at random, those too that begin as 0 or 1."""
    width, depth, heads, hidden = size
    settings = {"intermediate_size": hidden, **reference.more}
    if "Dinov2" in reference.settings.__name__:
        settings = {"mlp_ratio": hidden // width, **reference.more}
    torch.manual_seed(seed)
    network = reference.model(
        reference.settings(
            hidden_size=width,
            num_hidden_layers=depth,
            num_attention_heads=heads,
            image_size=side,
            patch_size=patch,
            **settings,
        )
    ).eval()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            is_factor = name.endswith("lambda1") or ("norm" in name and name.endswith("weight"))
            spread = 0.5 if "position" in name or "token" in name or "probe" in name else 1.5 / np.sqrt(width)
            parameter.normal_(1.0 if is_factor else 0.0, 0.3 if is_factor else spread)
    return network


def run_reference(reference: Reference, network: Any, images: np.ndarray) -> dict[str, np.ndarray]:
    """What the network makes of images, uint8, (n, side, side, 3), RGB: `token` and `avg`, float32, (n, width)."""
    processor = reference.processor(do_resize=False, do_center_crop=False, **reference.scale)
    pixels = processor([image for image in images], return_tensors="pt")["pixel_values"]
    with torch.no_grad():
        given = network(pixels, interpolate_pos_encoding=True) if takes_sides(network) else network(pixels)
    hidden = given.last_hidden_state
    is_pooled = "Siglip" in type(network).__name__
    before = 0 if is_pooled else 1 + getattr(network.config, "num_register_tokens", 0)
    token = given.pooler_output if is_pooled else hidden[:, 0]
    return {"token": token.numpy(), "avg": hidden[:, before:].mean(dim=1).numpy()}


def takes_sides(network: Any) -> bool:
    """Must it be told to interpolate? DINOv2 does so by itself."""
    return "Dinov2" not in type(network).__name__


def draw_images(side: int, seed: int = 0) -> np.ndarray:
    """uint8, (IMAGES, side, side, 3): smooth enough for all patches to differ, not noise alone."""
    return np.random.default_rng([side, seed]).integers(0, 256, (IMAGES, side, side, 3), np.uint8)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for seed, (family, reference) in enumerate(list_references().items()):
        network = build_reference(reference, (16, 2, 2, 32), 4, SIDES[0], seed)
        network.save_pretrained(FOLDER)
        (FOLDER / "model.safetensors").rename(FOLDER / f"{family.lower()}.safetensors")
        (FOLDER / "config.json").unlink()
        features: dict[str, Any] = {
            f"{pooling}_{side}": values
            for side in SIDES
            for pooling, values in run_reference(reference, network, draw_images(side)).items()
        }
        np.savez(FOLDER / f"{family.lower()}.npz", **features)
        print(f"{family}: {', '.join(features)}")


if __name__ == "__main__":
    main()
