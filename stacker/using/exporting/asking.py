"""Ask a model, or an export of it, what it says of prepared images."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from stacker.using.classifier import Classifier
from stacker.using.exporting.serving_model import NOVELTY, PROBABILITIES

AT_A_TIME = 8  # photos


class Said(NamedTuple):
    """What a network says of photos.

    Attributes:
        probabilities: float32, (n, classes).
        novelty: float32, (n,).
    """

    probabilities: np.ndarray
    novelty: np.ndarray


Ask = Callable[[np.ndarray], Said]  # is given prepared images, uint8, (n, side, side, 3), RGB, 0-255


def ask_classifier(classifier: Classifier) -> Ask:
    """What the model itself says."""

    def ask(images: np.ndarray) -> Said:
        answers = classifier.predict_images(images)
        return Said(answers.probabilities, answers.novelty)

    return ask


def ask_openvino(folder: Path) -> Ask:
    """What an export of this format says, as its example runs it."""
    import openvino

    network = openvino.compile_model(folder / "model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    dtypes = {tensor.get_any_name(): tensor.get_element_type().to_dtype() for tensor in network.inputs}

    def ask(images: np.ndarray) -> Said:
        cut = [images[start : start + AT_A_TIME] for start in range(0, len(images), AT_A_TIME)]
        given = [network({name: part.astype(dtype) for name, dtype in dtypes.items()}) for part in cut]
        probabilities, novelty = (np.concatenate([one[name] for one in given]) for name in (PROBABILITIES, NOVELTY))
        return Said(probabilities, novelty[:, 0])

    return ask
