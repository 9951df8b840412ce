"""The meta-models that lack one member each, as plain arrays: `data/predictions/leave_one_out/<ensemble>.npz`.

They are small, so that NumPy applies them and `compare` needs no Keras.
"""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import expit, softmax

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.numpy_files import load_arrays
from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.predictions import LEAVE_ONE_OUT


class MetaWeights(NamedTuple):
    """A meta-model.

    Attributes:
        members: in the order of its inputs.
        layers: of every Dense layer the kernel, float32, (inputs, units), and the bias, float32, (units,). Hidden
            layers have a ReLU; the last one a sigmoid for one unit, else a softmax.
    """

    members: list[str]
    layers: list[tuple[np.ndarray, np.ndarray]]


def apply_meta_weights(weights: MetaWeights, predictions: Mapping[str, np.ndarray]) -> np.ndarray:
    """What the Keras meta-model gives, by NumPy.

    Args:
        weights: of the meta-model.
        predictions: by member, float32, (n, 1) or (n, classes), as its network gave them.

    Returns:
        Probabilities, float32, (n, 1) or (n, classes).
    """
    values = np.hstack([predictions[member] for member in weights.members])
    for kernel, bias in weights.layers[:-1]:
        values = np.maximum(values @ kernel + bias, 0)
    kernel, bias = weights.layers[-1]
    logits = values @ kernel + bias
    probabilities: np.ndarray = expit(logits) if logits.shape[1] == 1 else softmax(logits, axis=1)
    return probabilities


def save_leave_one_out(ensemble: str, without: Mapping[str, MetaWeights]) -> None:
    """Write the meta-models of `ensemble` by removed member; equal ones give an equal file.

    The key `<removed>.members` holds the inputs, `<removed>.<layer>.kernel` and `.bias` the weights.
    """
    arrays: dict[str, np.ndarray] = {}
    for removed, weights in sorted(without.items()):
        arrays[f"{removed}.members"] = np.array(weights.members)
        for number, (kernel, bias) in enumerate(weights.layers):
            arrays[f"{removed}.{number}.kernel"], arrays[f"{removed}.{number}.bias"] = kernel, bias
    with replaced_file(LEAVE_ONE_OUT / f"{ensemble}.npz") as partial, partial.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def load_leave_one_out(ensemble: str, members: list[str]) -> dict[str, MetaWeights]:
    """Read the meta-models of `ensemble` by removed member.

    Raises:
        PipelineError: there are none, the file is damaged, or they are of other members than `members`.
    """
    path = LEAVE_ONE_OUT / f"{ensemble}.npz"
    arrays = load_arrays(path, f"dvc repro stack@{ensemble}")
    without = {name.partition(".")[0]: _read(arrays, name) for name in arrays if name.endswith(".members")}
    expected = {removed: set(members) - {removed} for removed in members}
    if {removed: set(weights.members) for removed, weights in without.items()} != expected:
        raise PipelineError(
            f"{path} is of the members {', '.join(sorted(without))}, params.yaml has {', '.join(sorted(members))}: "
            f"run `dvc repro stack@{ensemble}`"
        )
    return without


def _read(arrays: Mapping[str, np.ndarray], name: str) -> MetaWeights:
    prefix = name.removesuffix("members")
    count = sum(key.startswith(prefix) and key.endswith(".kernel") for key in arrays)
    layers = [(arrays[f"{prefix}{number}.kernel"], arrays[f"{prefix}{number}.bias"]) for number in range(count)]
    return MetaWeights(arrays[name].tolist(), layers)
