"""Small vision transformers, one of each family, and what Hugging Face `transformers` makes of them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from stacker.backbones.weights_files import hash_file
from stacker.settings import vision_transformers
from stacker.settings.backbone import Backbone
from stacker.settings.vision_transformers import VISION_TRANSFORMERS, Size, VisionTransformer

REFERENCES = Path(__file__).parent / "backbones/references"  # by tools/write_references.py
NATIVE_SIDE = 16
# A real name stands for the small network of its family.
FAMILIES = {
    "ViTSmall16": "VIT",
    "DeiTSmall16": "DEIT",
    "DINOv2Small14": "DINOV2",
    "DINOv2RegistersSmall14": "REGISTERS",
    "SigLIPBase16": "SIGLIP",
}


def make_tiny(name: str) -> VisionTransformer:
    """Of 16 channels, two blocks and patches of 4 px."""
    return VisionTransformer(getattr(vision_transformers, FAMILIES[name]), Size(16, 2, 2, 32), 4, NATIVE_SIDE, "a/b")


def use_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in FAMILIES:
        monkeypatch.setitem(VISION_TRANSFORMERS, name, make_tiny(name))


def find_weights(name: str) -> Path:
    return REFERENCES / f"{FAMILIES[name].lower()}.safetensors"


def make_tiny_settings(name: str, **changes: Any) -> Backbone:
    """The backbone with the weights that `transformers` drew."""
    path = find_weights(name)
    return Backbone(**{"name": name, "weights": str(path), "weights_sha256": hash_file(path), **changes})


def draw_images(side: int) -> np.ndarray:
    """As `tools.write_references.draw_images`, which needs PyTorch: uint8, (3, side, side, 3)."""
    return np.random.default_rng([side, 0]).integers(0, 256, (3, side, side, 3), np.uint8)


def read_features(name: str, pooling: str, side: int) -> np.ndarray:
    """What `transformers` gave for these images: float32, (3, 16)."""
    with np.load(REFERENCES / f"{FAMILIES[name].lower()}.npz") as file:
        features: np.ndarray = file[f"{pooling}_{side}"]
    return features
