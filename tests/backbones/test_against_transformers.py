"""Real sizes of every family against Hugging Face `transformers`: weights drawn at random there, read here."""

import gc

import keras
import numpy as np
import pytest

transformers = pytest.importorskip("transformers")
pytest.importorskip("torch")

from stacker.backbones.building import build_backbone  # noqa: E402
from stacker.backbones.weights_files import hash_file  # noqa: E402
from stacker.settings.backbone import Backbone  # noqa: E402
from stacker.settings.vision_transformers import VISION_TRANSFORMERS  # noqa: E402
from tools.write_references import build_reference, draw_images, list_references, run_reference  # noqa: E402

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
    family, sides = ROWS[request.param]
    reference, ours = list_references()[family], VISION_TRANSFORMERS[request.param]
    theirs = build_reference(reference, ours.size, ours.patch, ours.native_size, seed=3)
    theirs.save_pretrained(tmp_path)
    yield request.param, tmp_path / "model.safetensors", reference, theirs, sides
    gc.collect()


def test_features_agree_at_two_sides_from_pixels_on(row):
    name, path, reference, theirs, sides = row
    for side in sides:
        images = draw_images(side)
        expected = run_reference(reference, theirs, images)
        for pooling in ("token", "avg"):
            settings = Backbone(name=name, weights=str(path), weights_sha256=hash_file(path), pooling=pooling)
            backbone = build_backbone("pet", settings, side)
            received = keras.ops.convert_to_numpy(backbone(images.astype(np.float32), training=False))
            np.testing.assert_allclose(received, expected[pooling], atol=1e-4)
