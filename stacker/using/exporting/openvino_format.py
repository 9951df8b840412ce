"""OpenVINO's intermediate representation."""

from pathlib import Path
from typing import Any

import keras
import numpy as np

from stacker.inference.openvino_export import export_openvino
from stacker.inference.quantising import quantise
from stacker.using.exporting.serving_model import NOVELTY, PROBABILITIES, find_features

FEATURES = "stacker_features_"  # so are the ends of the backbones called while they are outputs of a graph


def write_openvino(model: keras.Model, folder: Path) -> None:
    """Write `model.xml` and `model.bin`, in float32."""
    _save(_read(model, [PROBABILITIES, NOVELTY]), folder)


def write_openvino_int8(model: keras.Model, folder: Path, photos: np.ndarray) -> None:
    """Write the same with backbones in int8.

    Heads, meta-model and novelty stay in float32: they cost next to nothing. So the backbones are quantised as `embed`
    does it, to the features that a member may have learnt from.

    Args:
        model: as `build_serving_model` gives it.
        folder: where to.
        photos: of the train split, to calibrate by, uint8, (n, side, side, 3), RGB, 0-255.
    """
    marked = {f"{FEATURES}{number}": tensor for number, tensor in enumerate(find_features(model))}
    network = _read(keras.Model(model.inputs, {**model.output, **marked}), [PROBABILITIES, NOVELTY, *marked])
    kept = _cut_behind(network, list(marked))
    _save(quantise(network, dict.fromkeys([tensor.name for tensor in model.inputs], photos), kept), folder)


def _read(model: keras.Model, outputs: list[str]) -> Any:
    import openvino

    network = export_openvino(model, openvino.Core())
    for number, name in enumerate(sorted(outputs)):  # as TensorFlow lays a mapping out
        network.output(f"Identity_{number}:0" if number else "Identity:0").tensor.set_names({name})
    return network


def _save(network: Any, folder: Path) -> None:
    import openvino

    openvino.save_model(network, folder / "model.xml", compress_to_fp16=False)


def _cut_behind(network: Any, marks: list[str]) -> list[str]:
    """Take these outputs away; gives the names of all operations that come after what they showed."""
    behind: dict[str, Any] = {}
    ends = [network.output(name).node for name in marks]
    waiting = [end.input_value(0) for end in ends]
    for end in ends:
        network.remove_result(end)
    while waiting:
        for reader in waiting.pop().get_target_inputs():
            node = reader.get_node()
            if node.get_friendly_name() not in behind and node.get_type_name() != "Result":
                behind[node.get_friendly_name()] = node
                waiting += node.outputs()
    return list(behind)
