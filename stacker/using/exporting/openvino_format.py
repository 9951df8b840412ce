"""OpenVINO's intermediate representation."""

from pathlib import Path

import keras

from stacker.inference.openvino_export import export_openvino
from stacker.using.exporting.serving_model import NOVELTY, PROBABILITIES


def write_openvino(model: keras.Model, folder: Path) -> None:
    """Write `model.xml` and `model.bin`, in float32."""
    import openvino

    network = export_openvino(model, openvino.Core())
    for number, name in enumerate(sorted([PROBABILITIES, NOVELTY])):  # as TensorFlow lays a mapping out
        network.output(f"Identity_{number}:0" if number else "Identity:0").tensor.set_names({name})
    openvino.save_model(network, folder / "model.xml", compress_to_fp16=False)
