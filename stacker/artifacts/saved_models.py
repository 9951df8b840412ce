"""Save and load models as .h5 files that plain Keras reads, without code of ours."""

import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras

from stacker.artifacts.descriptions import Description, write_description
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.hdf5_check import UNREADABLE, Refused, count_numbers, read_network
from stacker.artifacts.network_bounds import bounded_weights, check_outputs
from stacker.artifacts.network_config import check_config
from stacker.artifacts.outputs import replaced_file

SUFFIX = ".h5"  # by another one Keras may take a file for an archive, which is not looked through


def save_model(model: keras.Model, path: Path, description: Description) -> None:
    """Save without optimizer or compile settings: byte-identical when training is repeated, as .keras files are not.

    Args:
        model: any Keras model.
        path: of the file.
        description: what the file is to know of itself; plain Keras does not look at it.
    """
    clean = keras.Model(model.inputs, model.outputs, name=model.name)
    absl = logging.getLogger("absl")
    level = absl.level
    absl.setLevel(logging.ERROR)  # Keras calls .h5 legacy at every save; the reason for it stands above
    try:
        with replaced_file(path, sum(4 * math.prod(weight.shape) for weight in clean.weights)) as partial:
            with rested_attention(clean):
                clean.save(partial)
            write_description(partial, description)
    finally:
        absl.setLevel(level)


@contextmanager
def rested_attention(model: keras.Model) -> Iterator[None]:
    """While this lasts, a nested network with some frozen attention is frozen as a whole; afterwards it is as it was.

    In an `.h5` weights that are trained come before those that are not, and Keras reads them in the same order. But of
    the layers that an attention is made of it forgets that they are frozen, and would take them for others' weights.

    Args:
        model: to be saved.
    """
    mixed = [layer for layer in model.layers if isinstance(layer, keras.Model) and layer.trainable and _has_rest(layer)]
    flags = [(part, part.trainable) for network in mixed for part in network.layers]
    try:
        for network in mixed:
            network.trainable = False
        yield
    finally:
        for network in mixed:
            network.trainable = True
        for part, is_trained in flags:
            part.trainable = is_trained


def _has_rest(network: keras.Model) -> bool:
    return any(isinstance(part, keras.layers.MultiHeadAttention) and not part.trainable for part in network.layers)


def load_model(path: Path, stage: str) -> keras.Model:
    """Load a model that `stage` wrote, whoever may have put another file in its place.

    Raises:
        PipelineError: the file is missing, no Keras model, or one that might do harm; then Keras has not read it, or
            has read its layers alone.
    """
    try:
        if path.suffix != SUFFIX:
            raise Refused(f"its name does not end in {SUFFIX}")
        numbers = count_numbers(path)
        check_config(read_network(path))
        with bounded_weights(numbers):
            model = keras.models.load_model(path, compile=False)
        check_outputs(model)
    except Refused as reason:
        raise PipelineError(
            f"{path} is refused: {reason}. No stage writes such a file: delete it, then run `dvc repro {stage}`, or "
            "`dvc checkout`"
        ) from None
    except UNREADABLE as error:
        raise PipelineError(f"{path} cannot be loaded ({error}): run `dvc repro {stage}`, or `dvc checkout`") from error
    return model
