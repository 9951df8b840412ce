"""The meta-models that lack one member each, and the one with all: `data/predictions/leave_one_out/<ensemble>.npz`.

They are plain arrays, and small, so that NumPy applies them and `compare` needs no Keras.
"""

from collections.abc import Mapping

import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.numpy_files import load_arrays
from stacker.artifacts.outputs import replaced_file
from stacker.artifacts.predictions import LEAVE_ONE_OUT
from stacker.ensembles.meta_weights import MetaWeights


def save_leave_one_out(ensemble: str, without: Mapping[str, MetaWeights]) -> None:
    """Write the meta-models of `ensemble` by removed member, "" for none; equal ones give an equal file.

    The key `<removed>.members` holds the inputs, `<removed>.<layer>.kernel` and `.bias` the weights; all of them take
    the members' logits too.
    """
    arrays: dict[str, np.ndarray] = {}
    for removed, weights in sorted(without.items()):
        arrays[f"{removed}.members"] = np.array(weights.members)
        for number, (kernel, bias) in enumerate(weights.layers):
            arrays[f"{removed}.{number}.kernel"], arrays[f"{removed}.{number}.bias"] = kernel, bias
    with replaced_file(LEAVE_ONE_OUT / f"{ensemble}.npz") as partial, partial.open("wb") as stream:
        np.savez(stream, allow_pickle=False, **arrays)


def load_leave_one_out(ensemble: str, members: list[str]) -> dict[str, MetaWeights]:
    """Read the meta-models of `ensemble` by removed member, "" for none.

    Raises:
        PipelineError: there are none, the file is damaged, or they are of other members than `members`.
    """
    path = LEAVE_ONE_OUT / f"{ensemble}.npz"
    arrays = load_arrays(path, f"dvc repro stack@{ensemble}")
    without = {name.partition(".")[0]: _read(arrays, name) for name in arrays if name.endswith(".members")}
    expected = {removed: set(members) - {removed} for removed in ("", *members)}
    if {removed: set(weights.members) for removed, weights in without.items()} != expected:
        received = ", ".join(sorted(without.keys() - {""}))
        raise PipelineError(
            f"{path} is of the members {received}, params.yaml has {', '.join(sorted(members))}: "
            f"run `dvc repro stack@{ensemble}`"
        )
    return without


def _read(arrays: Mapping[str, np.ndarray], name: str) -> MetaWeights:
    prefix = name.removesuffix("members")
    count = sum(key.startswith(prefix) and key.endswith(".kernel") for key in arrays)
    layers = [(arrays[f"{prefix}{number}.kernel"], arrays[f"{prefix}{number}.bias"]) for number in range(count)]
    return MetaWeights(arrays[name].tolist(), True, layers)
