"""The meta-model in Keras: Dense-Dense on the members' concatenated outputs, and its assembly with the members."""

from collections.abc import Mapping

import keras

from stacker.ensembles.meta_weights import MetaWeights
from stacker.training.probabilities import give_probabilities


def build_meta_model(
    widths: Mapping[str, int], takes_logits: bool, hidden: list[int], class_count: int, seed: int
) -> keras.Model:
    """Build a meta-model.

    Args:
        widths: by member, in order, the width of its output.
        takes_logits: does it count with the members' logits beside their probabilities?
        hidden: units of the hidden layers.
        class_count: number of classes.
        seed: of the initial weights.

    Returns:
        A model with one input a member, named after it, logits, (n, width), to logits: (n, 1) for two classes, else
        (n, class_count).
    """
    keras.utils.set_random_seed(seed)
    logits = [keras.Input((width,), name=label) for label, width in widths.items()]
    probabilities = [
        keras.layers.Activation("sigmoid" if width == 1 else "softmax", name=f"{label}_probabilities")(tensor)
        for tensor, (label, width) in zip(logits, widths.items(), strict=True)
    ]
    taken = [*logits, *probabilities] if takes_logits else probabilities
    inner = keras.layers.Concatenate(name="member_outputs")(taken) if len(taken) > 1 else taken[0]
    for number, units in enumerate(hidden):
        inner = keras.layers.Dense(units, "relu", name=f"hidden_{number}")(inner)
    output = keras.layers.Dense(1 if class_count == 2 else class_count, name="logits")(inner)
    return keras.Model(logits, output, name="meta_model")


def restore_meta_model(weights: MetaWeights, widths: Mapping[str, int], class_count: int) -> keras.Model:
    """The Keras model of `weights`, as `build_meta_model` gives it."""
    hidden = [kernel.shape[1] for kernel, _ in weights.layers[:-1]]
    model = build_meta_model(widths, weights.takes_logits, hidden, class_count, seed=0)
    model.set_weights([values for layer in weights.layers for values in layer])
    return model


def assemble_ensemble(label: str, members: Mapping[str, keras.Model], meta_model: keras.Model) -> keras.Model:
    """Put the meta-model on the members, and a sigmoid or softmax on all; arguments as in `join_members`.

    Returns:
        The ensemble: one input a member, named after it, images (n, side, side, 3), RGB, 0-255, to probabilities.
    """
    return give_probabilities(join_members(label, members, meta_model))


def join_members(label: str, members: Mapping[str, keras.Model], meta_model: keras.Model) -> keras.Model:
    """Put the meta-model on the members: from images, one named input a member, to logits.

    Args:
        label: of the ensemble, which becomes its name.
        members: by label, models from images to probabilities, whose last layer makes these from logits; they are
            frozen and renamed `member_<label>`.
        meta_model: has an input of logits named after each member, and gives logits.
    """
    inputs, outputs = [], []
    for tensor in meta_model.inputs:
        member = take_logits(members[tensor.name])
        member.trainable = False
        images = keras.Input(member.input_shape[1:], name=tensor.name)
        inputs.append(images)
        outputs += keras.tree.flatten(member(images))  # a model from .h5 gives its output in a list
    return keras.Model(inputs, meta_model(outputs), name=label)


def take_logits(member: keras.Model) -> keras.Model:
    """A member without its sigmoid or softmax, sharing its layers."""
    return keras.Model(member.input, member.layers[-1].input, name=f"member_{member.name}")


def extract_weights(meta_model: keras.Model) -> MetaWeights:
    """A meta-model on probabilities as plain arrays."""
    layers = [tuple(layer.get_weights()) for layer in meta_model.layers if layer.get_weights()]
    return MetaWeights([tensor.name for tensor in meta_model.inputs], False, layers)
