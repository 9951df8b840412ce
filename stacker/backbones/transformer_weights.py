"""Read the weights of a vision transformer from a `.safetensors` file.

A tensor that is missing, left over or of another shape is an error that names it: a network with a part of its weights
would run all the same.
"""

import math
from pathlib import Path
from typing import Any

import keras
import numpy as np
from safetensors import SafetensorError, safe_open

from stacker.artifacts.errors import PipelineError
from stacker.backbones.position_embeddings import resize_positions
from stacker.backbones.tensor_names import TENSOR_NAMES, TensorNames
from stacker.settings.vision_transformers import VisionTransformer

FLOATS = {"F16", "F32"}  # as the format calls them; NumPy has no bfloat16
SHOWN = 5  # tensors that one message names


class TensorFile:
    """The tensors of a file, taken one by one.

    Attributes:
        names: what it calls them.
    """

    def __init__(self, tensors: dict[str, np.ndarray], names: TensorNames):
        starts = [prefix for prefix in names.prefixes if f"{prefix}{names.positions}" in tensors]
        self._prefix = starts[0] if starts else ""
        self._left = tensors
        self.names = names

    def take(self, name: str, *shape: int) -> np.ndarray:
        """The tensor `name`, as float32, which is of `shape`.

        Raises:
            ValueError: there is none, or it has another shape.
        """
        full = f"{self._prefix}{name}"
        if full not in self._left:
            raise ValueError(f"it lacks the tensor {full}")
        tensor = self._left.pop(full)
        if tensor.shape != shape:
            raise ValueError(f"its tensor {full} has the shape {tensor.shape}, expected {shape}")
        return tensor.astype(np.float32)

    def take_positions(self, width: int) -> np.ndarray:
        """The position embeddings, (k + patches, width), however many they are."""
        full = f"{self._prefix}{self.names.positions}"
        size = self._left[full].size if full in self._left else 0
        count = size // width
        is_flat = not self.names.tokens
        return self.take(self.names.positions, *(() if is_flat else (1,)), count, width).reshape(count, width)

    def take_dense(self, name: str, inputs: int, outputs: int) -> list[np.ndarray]:
        """Kernel, (inputs, outputs), and bias, (outputs,), of a dense layer."""
        return [self.take(f"{name}.weight", outputs, inputs).T, self.take(f"{name}.bias", outputs)]

    def take_norm(self, name: str, width: int) -> list[np.ndarray]:
        """Gamma and beta, (width,), of a layer normalisation."""
        return [self.take(f"{name}.weight", width), self.take(f"{name}.bias", width)]

    def check_empty(self) -> None:
        """See that every tensor was taken that features have a use for.

        Raises:
            ValueError: some were not.
        """
        if self._left:
            more = f" and {len(self._left) - SHOWN:,} more" if len(self._left) > SHOWN else ""
            shown = ", ".join(sorted(self._left)[:SHOWN])
            raise ValueError(f"it has tensors that this network has no place for: {shown}{more}")


def load_transformer_weights(network: keras.Model, settings: VisionTransformer, path: Path, where: str) -> None:
    """Give a network the weights of a file.

    Args:
        network: as `build_vision_transformer` gives it; its weights are replaced.
        settings: which one it is.
        path: of a `.safetensors` file, of float32 or float16.
        where: the setting that names the file, for errors.

    Raises:
        PipelineError: the file is damaged, or does not fit the network.
    """
    try:
        names = TENSOR_NAMES[settings.family.naming]
        file = TensorFile(_read_tensors(path, names), names)
        _set_weights(network, settings, file)
        file.check_empty()
    except (ValueError, OSError, SafetensorError) as error:
        raise PipelineError(f"{where}: {path} does not fit this network: {error}") from error


def _read_tensors(path: Path, names: TensorNames) -> dict[str, np.ndarray]:
    """Those that features have a use for: the text half of a SigLIP is larger than the half that sees."""
    unused = tuple(f"{prefix}{name}" for prefix in ("", *names.prefixes) for name in names.unused)
    with safe_open(path, framework="np") as file:
        used = [name for name in file.keys() if not name.startswith(unused)]  # noqa: SIM118 - it is no mapping
        kinds = {file.get_slice(name).get_dtype() for name in used}
        if kinds - FLOATS:
            raise ValueError(f"its tensors are of {', '.join(sorted(kinds))}, expected {' or '.join(sorted(FLOATS))}")
        return {name: file.get_tensor(name) for name in used}


def _set_weights(network: keras.Model, settings: VisionTransformer, file: TensorFile) -> None:
    names, patch, width = file.names, settings.patch, settings.size.width
    kernel = file.take(f"{names.patches}.weight", width, 3, patch, patch).transpose(2, 3, 1, 0)
    network.get_layer("patches").set_weights([kernel, file.take(f"{names.patches}.bias", width)])
    places = network.input_shape[1] // patch
    _set_constant(network.get_layer("positions"), _take_rows(file, settings, places).ravel())
    for number in range(settings.size.depth):
        _set_block(network, settings, file, number)
    network.get_layer("norm").set_weights(file.take_norm(names.norm, width))
    if settings.family.has_pooling:
        _set_pooling(network, settings, file)


def _take_rows(file: TensorFile, settings: VisionTransformer, places: int) -> np.ndarray:
    """What is added to each token, (tokens + places^2, width): its position, and what stands before the patches."""
    family, width = settings.family, settings.size.width
    counts = (1, family.tokens - 1)  # the class token, registers
    taken = [
        file.take(name, 1, count, width)[0] for name, count in zip(file.names.tokens, counts, strict=False) if count > 0
    ]
    tokens = np.concatenate(taken) if taken else np.zeros((0, width), np.float32)
    positions = file.take_positions(width)
    placed = min(1, family.tokens)  # the class token has a position, registers have none
    side = math.isqrt(max(0, len(positions) - placed))
    if side**2 + placed != len(positions) or not side:
        raise ValueError(f"its {len(positions):,} position embeddings are no square of patches")
    tokens[:placed] += positions[:placed]
    square = resize_positions(positions[placed:].reshape(side, side, width), places, family.is_smoothed)
    return np.concatenate([tokens, square.reshape(-1, width)])


def _set_constant(layer: Any, numbers: np.ndarray) -> None:
    gamma, _, mean, variance = layer.get_weights()
    layer.set_weights([gamma, numbers, mean, variance])


def _set_block(network: keras.Model, settings: VisionTransformer, file: TensorFile, number: int) -> None:
    names, (width, _, heads, hidden) = file.names, settings.size
    start, layers = names.block.format(number), f"block_{number}_"
    scales = [file.take(f"{start}{name}", width) for name in names.scales] if settings.family.is_scaled else [1.0, 1.0]
    network.get_layer(f"{layers}first_norm").set_weights(file.take_norm(f"{start}{names.first_norm}", width))
    parts = [file.take_dense(f"{start}{name}", width, width) for name in (names.query, names.key, names.value)]
    attended = file.take_dense(f"{start}{names.attended}", width, width)
    _set_attention(network.get_layer(f"{layers}attention"), parts, [scales[0] * part for part in attended], heads)
    network.get_layer(f"{layers}second_norm").set_weights(file.take_norm(f"{start}{names.second_norm}", width))
    network.get_layer(f"{layers}hidden").set_weights(file.take_dense(f"{start}{names.hidden}", width, hidden))
    output = file.take_dense(f"{start}{names.output}", hidden, width)
    network.get_layer(f"{layers}output").set_weights([scales[1] * part for part in output])


def _set_attention(layer: Any, parts: list[list[np.ndarray]], attended: list[np.ndarray], heads: int) -> None:
    """Give an attention its weights.

    Args:
        layer: a MultiHeadAttention.
        parts: kernel, (width, width), and bias, (width,), of query, key and value.
        attended: likewise, of its output.
        heads: into which the width is cut.
    """
    width = len(attended[1])
    weights = []
    for kernel, bias in parts:
        weights += [kernel.reshape(width, heads, -1), bias.reshape(heads, -1)]
    layer.set_weights([*weights, attended[0].reshape(heads, -1, width), attended[1]])


def _set_pooling(network: keras.Model, settings: VisionTransformer, file: TensorFile) -> None:
    """The layers that pool by attention; a network that gives places has none, and the file's are left alone."""
    start, (width, _, heads, hidden) = file.names.pooling, settings.size
    probe = file.take(f"{start}.probe", 1, 1, width).ravel()
    kernels = np.split(file.take(f"{start}.attention.in_proj_weight", 3 * width, width), 3)
    biases = np.split(file.take(f"{start}.attention.in_proj_bias", 3 * width), 3)
    parts = [[kernel.T, bias] for kernel, bias in zip(kernels, biases, strict=True)]
    attended = file.take_dense(f"{start}.attention.out_proj", width, width)
    norm = file.take_norm(f"{start}.layernorm", width)
    first = file.take_dense(f"{start}.mlp.fc1", width, hidden)
    second = file.take_dense(f"{start}.mlp.fc2", hidden, width)
    if "probe" not in (layer.name for layer in network.layers):
        return
    _set_constant(network.get_layer("probe"), probe)
    _set_attention(network.get_layer("pool_attention"), parts, attended, heads)
    network.get_layer("pool_norm").set_weights(norm)
    network.get_layer("pool_hidden").set_weights(first)
    network.get_layer("pool_output").set_weights(second)
