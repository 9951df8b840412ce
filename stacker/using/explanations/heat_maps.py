"""Heat maps: which places of a photo speak for a class in a member's eyes (Grad-CAM).

Grad-CAM (Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391) takes the last feature maps that still have places,
weighs each by how much the class's logit grows with it, on average over the places, and adds them up; what speaks
against the class is cut off at 0. For a head without hidden layers on averaged features, that is the head's own sum.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from stacker.artifacts.errors import PipelineError

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
    end = [layer.name for layer in layers].index(NETWORK) + 1
    seen = keras.ops.cast(_run(layers[1:end], keras.ops.convert_to_tensor(pixels)), "float32")  # the first is the input

    def score(maps: Any) -> Any:
        logits = _run(layers[end:], maps)
        return keras.ops.sum(keras.ops.multiply(logits, _choose_logits(indices, logits.shape[-1])))

    gradient = keras.ops.convert_to_numpy(_differentiate(score, keras.ops.stop_gradient(seen)))
    weights = gradient.mean(axis=(1, 2))
    heat = np.einsum("nhwc,nc->nhw", keras.ops.convert_to_numpy(seen), weights).clip(min=0)
    peaks = heat.max(axis=(1, 2), keepdims=True)
    heat_map: np.ndarray = np.divide(heat, peaks, out=np.zeros_like(heat), where=peaks > 0)
    return heat_map


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
