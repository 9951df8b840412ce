"""Real sizes of every family against Hugging Face `transformers`: weights drawn at random there, read here."""

import gc

import keras
import numpy as np
import pytest

from stacker.backbones.building import build_backbone
from stacker.backbones.weights_files import hash_file
from stacker.settings.backbone import Backbone
from stacker.settings.vision_transformers import VISION_TRANSFORMERS

pytestmark = pytest.mark.slow
ROWS = {  # name: family, sides of photos
    "ViTSmall16": ("VIT", (224, 96)),
    "DeiTTiny16": ("DEIT", (224, 288)),
    "DINOv2Small14": ("DINOV2", (224, 126)),
    "DINOv2RegistersSmall14": ("REGISTERS", (224, 126)),
    "SigLIPBase16": ("SIGLIP", (224, 256)),
}


@pytest.fixture(params=ROWS)
def row(request, tmp_path):
    """A name, how its weights are written, and what stands for it in `transformers`."""
    pytest.importorskip("transformers")
    pytest.importorskip("torch")
    from tools.write_references import build_reference, list_references

    family, sides = ROWS[request.param]
    reference, ours = list_references()[family], VISION_TRANSFORMERS[request.param]
    theirs = build_reference(reference, ours.size, ours.patch, ours.native_size, seed=3)
    theirs.save_pretrained(tmp_path)
    yield request.param, tmp_path / "model.safetensors", reference, theirs, sides
    gc.collect()


def test_features_agree_at_two_sides_from_pixels_on(row):
    from tools.write_references import draw_images, run_reference

    name, path, reference, theirs, sides = row
    for side in sides:
        images = draw_images(side)
        expected = run_reference(reference, theirs, images)
        for pooling in ("token", "avg"):
            settings = Backbone(name=name, weights=str(path), weights_sha256=hash_file(path), pooling=pooling)
            backbone = build_backbone("pet", settings, side)
            received = keras.ops.convert_to_numpy(backbone(images.astype(np.float32), training=False))
            np.testing.assert_allclose(received, expected[pooling], atol=1e-4)
