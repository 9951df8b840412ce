"""Keep what the frozen part of a network gives, so that fine-tuning never repeats it."""

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import keras
import numpy as np

from stacker.artifacts.disk_room import reserve, told_of_room
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.progress import open_progress
from stacker.inference.predictors import compile_predictor
from stacker.settings.inference import Inference

DATA = Path("data")
LARGEST_SHARE = 0.5  # of the free disk: the rest is for what the stages still write


def require_disk(label: str, mib: float) -> None:
    """See that the disk has room for a member's activations.

    Training from the images instead would give other bytes for the same settings, as a kernel may round otherwise: so
    it is for the settings to say.

    Args:
        label: the member's.
        mib: what the activations of all photos take.

    Raises:
        PipelineError: they take more than half of what is free.
    """
    free = shutil.disk_usage(DATA).free / 2**20
    if mib > LARGEST_SHARE * free:
        raise PipelineError(
            f"{label}: fine-tuning keeps activations, which take {mib:.0f} MiB, more than half of the {free:.0f} MiB "
            f"that the disk of `{DATA}/` has left: free some, or set `training.fine_tune.keep_activations: false` to "
            "fine-tune from the images"
        )


def keep_activations(
    front: keras.Model, images: Mapping[str, np.ndarray], inference: Inference
) -> dict[str, np.ndarray]:
    """Pass every image through the frozen part once.

    Args:
        front: from images to activations.
        images: by split, uint8, (n, side, side, 3), RGB, 0-255.
        inference: engine and precision of the pass.

    Returns:
        By split float32, (n, width), in files below `data/` that have no name and go with the process.
    """
    (name,) = (tensor.name for tensor in front.inputs)
    predictor = compile_predictor(front, inference, {name: np.dtype(np.uint8)})
    kept: dict[str, np.ndarray] = {}
    with open_progress(f"{front.name}: keeping activations", sum(map(len, images.values())), "photos") as bar:
        for split, values in images.items():
            with tempfile.TemporaryFile(dir=DATA) as file:
                kept[split] = np.memmap(file, np.float32, "w+", shape=(len(values), front.output_shape[1]))
                with told_of_room(DATA / "activations", kept[split].nbytes):
                    reserve(file.fileno())
            predictor.predict({name: values}, outputs=kept[split], bar=bar)
    return kept
