"""Heat maps: which places of a photo speak for a class in a member's eyes (Grad-CAM).

Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391) takes the last feature maps that still have places,
weighs each by how much the class's logit grows with it, on average over the places, and adds them up; what speaks
against the class is cut off at 0. For a head without hidden layers on averaged features, that is the head's own sum.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.backbones.vision_transformer import BLOCK_START

NETWORK, PROBABILITIES, MEMBER = "network", "probabilities", "member_"  # names of layers in every saved model


def compute_heat_maps(model: keras.Model, images: np.ndarray, class_index: int | np.ndarray) -> dict[str, np.ndarray]:
    """What speaks for a class, place by place, for every member.

    Args:
        model: a member or an ensemble, as saved: it takes pixels, and gives probabilities.
        images: uint8 or float32, (n, side, side, 3), at least one, RGB, 0-255.
        class_index: the class, or one for each image, int64, (n,).

    Returns:
        By member, float32, (n, h, w), 0 to 1: as many places as the member's last feature maps have, which differs
        between members. The largest value of an image is 1, whatever it was; all are 0 where nothing speaks for the
        class.

    Raises:
        PipelineError: the model has no layer "network", or Keras runs on a backend without gradients.
    """
    pixels = np.asarray(images, np.float32)
    indices = np.broadcast_to(class_index, len(pixels))
    return {label: _compute_heat_map(member, pixels, indices) for label, member in find_members(model).items()}


def find_members(model: keras.Model) -> dict[str, keras.Model]:
    """The members of a saved model by label, in its own order; a saved member is its own only one.

    Raises:
        PipelineError: it has no layer "network", so `train` or `stack` did not write it.
    """
    nested = [layer for layer in model.layers if isinstance(layer, keras.Model) and layer.name.startswith(MEMBER)]
    members = {layer.name.removeprefix(MEMBER): layer for layer in nested} or {model.name: model}
    for label, member in members.items():
        if NETWORK not in (layer.name for layer in member.layers):
            raise PipelineError(
                f"{label} has no layer `{NETWORK}`: heat maps need a model that the stages `train` or `stack` wrote"
            )
    return members


def _compute_heat_map(member: keras.Model, pixels: np.ndarray, indices: np.ndarray) -> np.ndarray:
    layers = [layer for layer in member.layers if layer.name != PROBABILITIES]
    at = [layer.name for layer in layers].index(NETWORK)
    seeing, judging, places = split_network(layers[at])
    seen = _run([*layers[1:at], seeing], keras.ops.convert_to_tensor(pixels))  # the first is the input
    seen = keras.ops.cast(seen, "float32")

    def score(maps: Any) -> Any:
        logits = _run([*judging, *layers[at + 1 :]], maps)
        return keras.ops.sum(keras.ops.multiply(logits, _choose_logits(indices, logits.shape[-1])))

    gradient = _lay_out(_differentiate(score, keras.ops.stop_gradient(seen)), places)
    weights = gradient.mean(axis=(1, 2))
    heat = np.einsum("nhwc,nc->nhw", _lay_out(seen, places), weights).clip(min=0)
    peaks = heat.max(axis=(1, 2), keepdims=True)
    heat_map: np.ndarray = np.divide(heat, peaks, out=np.zeros_like(heat), where=peaks > 0)
    return heat_map


class Seen(NamedTuple):
    """A network, cut where it has last seen places.

    Attributes:
        seeing: from scaled images to feature maps, (n, h, w, channels), or tokens, (n, tokens, channels).
        judging: what follows of the network; empty where all of it sees.
        places: h and w.
    """

    seeing: keras.Model
    judging: list[keras.Model]
    places: tuple[int, int]


def split_network(network: keras.Model) -> Seen:
    """Cut a network behind the last feature maps that its answer depends on.

    Where the answer is a class token, the last block's other tokens no longer reach it: the cut is before that block,
    as in the package `grad-cam` (https://github.com/jacobgil/pytorch-grad-cam).

    Args:
        network: the layer "network" of a member.
    """
    shape = network.output.shape if not isinstance(network.output, list) else network.output[0].shape
    if len(shape) == 4:
        return Seen(network, [], shape[1:3])
    last = [layer for layer in network.layers if BLOCK_START.fullmatch(layer.name)][-1]
    height, width = network.get_layer("patches").output.shape[1:3]
    return Seen(keras.Model(network.inputs, last.input), [keras.Model(last.input, network.outputs)], (height, width))


def _lay_out(values: Any, places: tuple[int, int]) -> np.ndarray:
    """Values as they lie in the photo, (n, h, w, channels); tokens that stand for no place are left out."""
    array: np.ndarray = keras.ops.convert_to_numpy(values)
    if array.ndim == 4:
        return array
    height, width = places
    return array[:, -height * width :].reshape(len(array), height, width, -1)


def _choose_logits(indices: np.ndarray, width: int) -> np.ndarray:
    """What to multiply the logits by, so that their sum is that of the classes asked for: float32, (n, width).

    One logit is the log odds of the second class: the first one's are the same with the other sign.
    """
    chosen = 2.0 * indices[:, np.newaxis] - 1 if width == 1 else np.eye(width)[indices]
    return chosen.astype(np.float32)


def _run(layers: Sequence[keras.Layer], tensor: Any) -> Any:
    """The layers one after the other, as they stand in a member; a network from .h5 gives its output in a list."""
    for layer in layers:
        (tensor,) = keras.tree.flatten(layer(tensor, training=False))
    return tensor


def _differentiate(score: Callable[[Any], Any], tensor: Any) -> Any:
    """The gradient of a score at `tensor`: the one thing that Keras leaves to its backends."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow

        with tensorflow.GradientTape() as tape:
            tape.watch(tensor)
            value = score(tensor)
        return tape.gradient(value, tensor)
    if backend == "jax":
        import jax

        return jax.grad(score)(tensor)
    if backend == "torch":
        import torch

        tensor = tensor.detach().requires_grad_()
        return torch.autograd.grad(score(tensor), tensor)[0]
    raise PipelineError(f"heat maps need gradients: run Keras on tensorflow, jax or torch, not on {backend}")
