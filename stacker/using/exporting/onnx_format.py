"""ONNX, by tf2onnx."""

import logging
from pathlib import Path
from typing import Any

import keras
import numpy as np

from stacker.using.exporting.tracing import trace_model

OPSET = 18  # the newest that tf2onnx 1.17 is tested with


def write_onnx(model: keras.Model, folder: Path) -> None:
    """Write `model.onnx`, whose number of photos at a time is open."""
    import onnx
    import tf2onnx

    serve = trace_model(model).serve
    log = logging.getLogger("tf2onnx")
    level = log.level
    # An optimisation that fails for a network (onnx/tensorflow-onnx#1729) is left out; ONNX Runtime has its own.
    log.setLevel(logging.ERROR)
    try:
        network, _ = tf2onnx.convert.from_function(
            serve, serve.input_signature, opset=OPSET, custom_op_handlers={"Erfc": (_write_erfc, [])}
        )
    finally:
        log.setLevel(level)
    for tensor in [*network.graph.input, *network.graph.output]:
        _name_batch(tensor)
    onnx.save(network, folder / "model.onnx")


def _name_batch(tensor: Any) -> None:
    tensor.type.tensor_type.shape.dim[0].dim_param = "batch"  # tf2onnx numbers it, anew each time


def _write_erfc(graph: Any, node: Any, name: str, _: list[Any]) -> None:
    """Erfc(x) is 1 - Erf(x). TensorFlow's exact GELU has it, vision transformers have that, and tf2onnx knows none."""
    given, outputs = node.input[0], list(node.output)
    kind, shape = graph.get_dtype(given), graph.get_shape(given)
    graph.remove_node(name)
    erf = graph.make_node("Erf", [given], shapes=[shape], dtypes=[kind]).output[0]
    one = graph.make_const(f"{name}_one", np.float32(1)).output[0]
    graph.make_node("Sub", [one, erf], name=name, outputs=outputs, shapes=[shape], dtypes=[kind])
