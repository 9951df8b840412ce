"""What a model says of the golden photos, which every export of it is to say too."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.preparation import Preparation
from stacker.photos.decoding import fit_square
from stacker.photos.image_files import decode_colour, read_header
from stacker.photos.unreadable import UNREADABLE, explain_unreadable
from stacker.using.classifier import Classifier
from stacker.using.exporting.asking import Ask, Said
from stacker.using.exporting.golden_photos import copy_golden, draw_golden

EXPECTED, PREPARED = "expected.json", "prepared.npy"
DIGITS = 9  # as many as tell any two float32 apart


def write_golden(folder: Path, classifier: Classifier, ask: Ask, photos: Sequence[Path]) -> float:
    """Write golden photos, as files and prepared, and what is expected of them.

    Args:
        folder: where to.
        classifier: the model, which prepares them.
        ask: gives what is expected.
        photos: to take beside those that are drawn.

    Returns:
        How far a probability moves where no JPEG is reduced while it is decoded.

    Raises:
        PipelineError: naming a photo that cannot be read.
    """
    preparation = classifier.description.preparation
    # The drawn ones always: on photos that the model is sure of, a wrong preparation hardly shows. With red and blue
    # mixed up, five of the tutorial's photos moved by 0.0002 at most, and the drawn ones by 0.13.
    names = draw_golden(folder, preparation.side, preparation.bit_depth) + copy_golden(folder, photos)
    images = np.stack([_prepare(classifier, folder / name) for name in names])
    said = ask(images)
    np.save(folder / PREPARED, images)
    (folder / EXPECTED).write_text(json.dumps(_tell(names, said), indent=2) + "\n", encoding="utf-8")
    whole = np.stack([prepare_whole(folder / name, preparation) for name in names])
    return float(np.abs(ask(whole).probabilities - said.probabilities).max())


def prepare_whole(path: Path, preparation: Preparation) -> np.ndarray:
    """A photo as the network takes it, but for a JPEG not being reduced while it is decoded."""
    content = path.read_bytes()
    pixels = np.frombuffer(content, np.uint8)
    image = decode_colour(pixels, read_header(content), 1, preparation.background, preparation.bit_depth)
    square = fit_square(image, (image.shape[0], image.shape[1]), preparation)
    return np.asarray(cv2.cvtColor(square, cv2.COLOR_BGR2RGB))


def _prepare(classifier: Classifier, path: Path) -> np.ndarray:
    try:
        return np.asarray(classifier.prepare([path])[0])
    except UNREADABLE as error:
        raise PipelineError(f"the golden photo {path.name} cannot be read: {explain_unreadable(error)}") from error


def _tell(names: Sequence[str], said: Said) -> dict[str, dict[str, list[float] | float]]:
    return {
        "probabilities": dict(zip(names, said.probabilities.round(DIGITS).tolist(), strict=True)),
        "novelty": dict(zip(names, said.novelty.round(DIGITS).tolist(), strict=True)),
    }
