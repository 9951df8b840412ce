"""What a file of weights may lack, or have too much of: each is an error that names it."""

from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file
from tiny_transformers import FAMILIES, find_weights, make_tiny_settings, use_tiny

from stacker.artifacts.errors import PipelineError
from stacker.backbones.building import build_backbone
from stacker.backbones.position_embeddings import resize_positions
from stacker.backbones.weights_files import hash_file


@pytest.fixture(autouse=True)
def _tiny(monkeypatch) -> None:
    use_tiny(monkeypatch)


def build(path: Path, name: str = "DINOv2Small14", **changes):
    settings = make_tiny_settings(name, weights=str(path), weights_sha256=hash_file(path), **changes)
    return build_backbone("pet", settings, 16)


def edit(name: str, folder: Path, edit_tensors) -> Path:
    tensors = load_file(find_weights(name))
    edited = edit_tensors(tensors) or tensors
    save_file({key: np.ascontiguousarray(value) for key, value in edited.items()}, folder / "edited.safetensors")
    return folder / "edited.safetensors"


PATCHES, POSITIONS = "embeddings.patch_embeddings.projection.bias", "embeddings.position_embeddings"
WRONG = [
    (lambda tensors: tensors.pop(PATCHES) * 0, rf"lacks the tensor {PATCHES}"),
    (lambda tensors: tensors.pop("encoder.layer.1.layer_scale2.lambda1"), r"lacks .*layer\.1\.layer_scale2\.lambda1"),
    (lambda tensors: tensors.pop(POSITIONS), rf"lacks the tensor {POSITIONS}"),
    (
        lambda tensors: tensors.update({PATCHES: np.zeros(15, np.float32)}),
        rf"tensor {PATCHES} has the shape \(15,\), expected \(16,\)",
    ),
    (
        lambda tensors: tensors.update({POSITIONS: np.zeros((1, 16, 16), np.float32)}),
        "its 16 position embeddings are no square of patches",
    ),
    (
        lambda tensors: tensors.update({"encoder.layer.2.norm1.bias": np.zeros(16, np.float32)}),
        r"tensors that this network has no place for: encoder\.layer\.2\.norm1\.bias$",
    ),
    (
        lambda tensors: tensors.update({f"other.{number}": np.zeros(1, np.float32) for number in range(7)}),
        r"no place for: other\.0, other\.1, other\.2, other\.3, other\.4 and 2 more$",
    ),
    (
        lambda tensors: tensors.update({PATCHES: np.zeros(16, np.int64)}),
        "its tensors are of F32, I64, expected F16 or F32",
    ),
]


@pytest.mark.parametrize(("edit_tensors", "message"), WRONG)
def test_a_file_that_does_not_fit_is_refused_and_the_tensor_named(edit_tensors, message, tmp_path):
    def change(tensors):
        edit_tensors(tensors)

    path = edit("DINOv2Small14", tmp_path, change)

    with pytest.raises(PipelineError, match=rf"^members\.pet\.backbone\.weights, .*edited\.safetensors.*: .*{message}"):
        build(path)


def test_a_damaged_file_is_refused(tmp_path):
    path = tmp_path / "cut.safetensors"
    path.write_bytes(find_weights("ViTSmall16").read_bytes()[:-100])

    with pytest.raises(PipelineError, match=r"cut\.safetensors does not fit this network: .*incomplete"):
        build(path, "ViTSmall16")


@pytest.mark.parametrize("name", FAMILIES)
def test_weights_of_another_family_are_refused(name):
    others = [
        other
        for other in FAMILIES
        if FAMILIES[other] not in (FAMILIES[name], {"VIT": "DEIT", "DEIT": "VIT"}.get(FAMILIES[name]))
    ]

    for other in others:
        with pytest.raises(PipelineError, match="does not fit this network"):
            build(find_weights(other), name)


@pytest.mark.parametrize(
    ("name", "prefix", "beside"),
    [
        ("ViTSmall16", "vit.", "classifier.weight"),
        ("DINOv2Small14", "dinov2.", "classifier.bias"),
        ("SigLIPBase16", "vision_model.", "text_model.embeddings.token_embedding.weight"),
    ],
)
def test_a_file_of_a_larger_model_serves_and_halves_of_float32_do(name, prefix, beside, tmp_path):
    def put_inside(tensors):
        inside = {f"{prefix}{key}": value.astype(np.float16) for key, value in tensors.items()}
        return {**inside, beside: np.zeros((3, 4), np.int64)}

    inside = build(edit(name, tmp_path, put_inside), name).get_layer("network")
    alone = build(find_weights(name), name).get_layer("network")

    for received, expected in zip(inside.get_weights(), alone.get_weights(), strict=True):
        np.testing.assert_allclose(received, expected, rtol=2e-3, atol=1e-4)


def test_as_many_positions_as_patches_are_left_as_they_are():
    positions = np.random.default_rng(0).normal(size=(3, 3, 5)).astype(np.float32)

    assert resize_positions(positions, 3, is_smoothed=True) is positions


@pytest.mark.parametrize("is_smoothed", [False, True])
def test_positions_keep_their_direction(is_smoothed):
    rows, columns = np.meshgrid(np.arange(8.0), np.arange(8.0), indexing="ij")
    positions = np.stack([rows, columns, 10 * rows + columns, rows, rows, columns], axis=-1).astype(np.float32)

    received = resize_positions(positions, 4, is_smoothed)

    assert received.shape == (4, 4, 6)
    np.testing.assert_allclose(received[1:3, 1:3, 0], [[2.5, 2.5], [4.5, 4.5]], atol=0.05)
    np.testing.assert_allclose(received[1:3, 1:3, 5], [[2.5, 4.5], [2.5, 4.5]], atol=0.05)
    np.testing.assert_allclose(received[..., 2], 10 * received[..., 0] + received[..., 1], atol=1e-4)
