"""Turn a Keras model into an OpenVINO one."""

import tempfile
from pathlib import Path
from typing import Any

import keras

from stacker.artifacts.disk_room import told_of_room
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.scratch import remove_abandoned, scratch_folder

PREFIX = "stacker-openvino-"  # of folders for temporary files
WEIGHT = "stacker_weight_"  # so are a network's weights called while they are inputs of a graph


def export_openvino(model: keras.Model, core: Any) -> Any:
    """The model as an `openvino.Model`, read by `core`.

    Args:
        model: any Keras model; its inputs keep their names.
        core: an `openvino.Core`.

    Raises:
        PipelineError: Keras does not run on TensorFlow, or the export fails for this architecture.
    """
    if keras.backend.backend() != "tensorflow":
        # Keras' export from JAX gives graphs that OpenVINO does not take; from PyTorch they lose the inputs' names, or
        # have operations that it does not know.
        raise PipelineError(
            f"inference.engine: openvino needs `backend: tensorflow`, received {keras.backend.backend()}: set "
            "`inference.engine: auto`"
        )
    temporary = Path(tempfile.gettempdir())
    remove_abandoned(temporary, PREFIX)
    with scratch_folder(temporary, PREFIX) as folder:
        try:
            with told_of_room(folder / model.name):
                return _export_graph(model, core, folder)
        except PipelineError:
            raise
        except Exception as error:
            # An exporter can trip over anything in an architecture; the way out is always the same setting.
            reason = " ".join(str(error).split())  # TensorFlow's run over many lines
            raise PipelineError(
                f"{model.name} cannot be exported to OpenVINO ({type(error).__name__}: {reason}): set "
                "`inference.engine: keras`"
            ) from error


def _export_graph(model: keras.Model, core: Any, folder: Path) -> Any:
    """Trace the model once, its weights as further inputs, into a TensorFlow graph, and give OpenVINO their values.

    As constants of the graph they would be copied several times over before OpenVINO reads them, which takes twice
    as long. Keras' own export traces every nested model several times, for a SavedModel that is thrown away, and
    then looks up each weight among all others, which takes longer still (benchmarks/RESULTS.md, start-up). It also
    reports its use over the network.
    """
    import tensorflow

    trainable = len(model.trainable_variables)
    values = {f"{WEIGHT}{number}": weight for number, weight in enumerate(list_variables(model))}

    @tensorflow.function(autograph=False)  # type: ignore[untyped-decorator] # TensorFlow ships no types
    def forward(inputs: Any, weights: list[Any]) -> Any:
        return model.stateless_call(weights[:trainable], weights[trainable:], inputs, training=False)[0]

    signature = keras.tree.map_structure(
        lambda tensor: tensorflow.TensorSpec(tensor.shape, tensor.dtype, tensor.name), model.input
    )
    weights = [tensorflow.TensorSpec(weight.shape, weight.dtype, name) for name, weight in values.items()]
    path = folder / "model.pb"
    path.write_bytes(forward.get_concrete_function(signature, weights).graph.as_graph_def().SerializeToString())
    network = core.read_model(path)
    for name in [tensor.name for tensor in model.inputs]:
        network.input(f"{name}:0").tensor.set_names({name})
    _set_weights(network, values)
    return network


def list_variables(model: keras.Model) -> list[keras.Variable]:
    """All weights, in the order of `stateless_call`."""
    return [*model.trainable_variables, *model.non_trainable_variables]


def _set_weights(network: Any, values: dict[str, keras.Variable]) -> None:
    """Put constants in place of those inputs that are weights."""
    from openvino import op, passes

    for parameter in network.get_parameters():
        name = parameter.output(0).get_any_name().removesuffix(":0")
        if name in values:
            constant = op.Constant(keras.ops.convert_to_numpy(values[name]))
            parameter.output(0).replace(constant.output(0))
            network.remove_parameter(parameter)
    folding = passes.Manager()
    folding.register_pass(passes.ConstantFolding())
    folding.run_passes(network)
