"""The meta-model: Dense-Dense on the members' concatenated outputs, and its assembly with the members."""

from collections.abc import Mapping

import keras
import numpy as np
from scipy.optimize import minimize_scalar

from stacker.ensembles.leave_one_out import MetaWeights


def build_meta_model(widths: Mapping[str, int], hidden: list[int], class_count: int, seed: int) -> keras.Model:
    """Build the meta-model.

    Args:
        widths: by member, in order, the width of its output.
        hidden: units of the hidden layers.
        class_count: number of classes.
        seed: of the initial weights.

    Returns:
        A model with one input a member, named after it, (n, width), to probabilities: (n, 1) from a sigmoid for two
        classes, else (n, class_count) from a softmax.
    """
    keras.utils.set_random_seed(seed)
    inputs = [keras.Input((width,), name=label) for label, width in widths.items()]
    inner = keras.layers.Concatenate(name="member_outputs")(inputs) if len(inputs) > 1 else inputs[0]
    for number, units in enumerate(hidden):
        inner = keras.layers.Dense(units, "relu", name=f"hidden_{number}")(inner)
    units, activation = (1, "sigmoid") if class_count == 2 else (class_count, "softmax")
    output = keras.layers.Dense(units, activation, name="probabilities")(inner)
    return keras.Model(inputs, output, name="meta_model")


def assemble_ensemble(label: str, members: Mapping[str, keras.Model], meta_model: keras.Model) -> keras.Model:
    """Put the meta-model on the members.

    Args:
        label: of the ensemble, which becomes its name.
        members: by label, models from images to probabilities; they are frozen and renamed `member_<label>`.
        meta_model: has an input named after each member.

    Returns:
        The ensemble: one input a member, named after it, images (n, side, side, 3), RGB, 0-255, to probabilities.
    """
    inputs, outputs = [], []
    for tensor in meta_model.inputs:
        member = members[tensor.name]
        member.name = f"member_{tensor.name}"
        member.trainable = False
        images = keras.Input(member.input_shape[1:], name=tensor.name)
        inputs.append(images)
        outputs += keras.tree.flatten(member(images))  # a model from .h5 gives its output in a list
    return keras.Model(inputs, meta_model(outputs), name=label)


def find_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature T that minimises the log loss of softmax(log(p) / T).

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017; fitted after combining, as Rahaman and Thiery
    advise ("Uncertainty Quantification and Deep Ensembles", 2021).

    Args:
        probabilities: float64, (n, k), rows sum to 1.
        labels: int64, (n,).
    """
    logits = np.log(np.clip(probabilities, 1e-12, None))

    def log_loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled -= scaled.max(axis=1, keepdims=True)
        return float(np.mean(np.log(np.exp(scaled).sum(axis=1)) - scaled[np.arange(len(labels)), labels]))

    return float(np.exp(minimize_scalar(log_loss, bounds=(-3, 3), method="bounded").x))


def apply_temperature(meta_model: keras.Model, temperature: float) -> None:
    """Divide the logits by the temperature: folded into the output layer, so that plain Keras gives the result."""
    output = meta_model.get_layer("probabilities")
    output.set_weights([weights / temperature for weights in output.get_weights()])


def extract_weights(meta_model: keras.Model) -> MetaWeights:
    """The meta-model as plain arrays."""
    layers = [tuple(layer.get_weights()) for layer in meta_model.layers if layer.get_weights()]
    return MetaWeights([tensor.name for tensor in meta_model.inputs], layers)
