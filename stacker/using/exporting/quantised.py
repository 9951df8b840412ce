"""What an export in int8 takes, and how far it lies from the model that was exported."""

import importlib.util
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from stacker.artifacts.arrays import load_classes, load_fingerprint, load_images, load_labels
from stacker.artifacts.descriptions import Description
from stacker.artifacts.errors import PipelineError, WrongUseError
from stacker.artifacts.preparation import load_preparation
from stacker.inference.agreement import QUANTISED_PHOTOS, choose_rows, compare_passes, decide
from stacker.inference.quantising import CALIBRATION_PHOTOS, INT8_ADVICE

if TYPE_CHECKING:
    from stacker.using.exporting.asking import Ask  # it imports Keras, for which it is too early

QUANTISED_FORMATS = ("openvino",)


class Quantising(NamedTuple):
    """The photos that an export in int8 takes.

    Attributes:
        calibration: of the train split, uint8, (n, side, side, 3), RGB, 0-255; its scales are set by some of them.
        images: of the test split, likewise, which tell how far it lies off.
        labels: of those, int64, (n,).
        fingerprint: of the train split.
    """

    calibration: np.ndarray
    images: np.ndarray
    labels: np.ndarray
    fingerprint: str


class Quantised(NamedTuple):
    """How far an export in int8 lies from the model, on test photos spread evenly over the split.

    Attributes:
        calibration_photos: of the train split, by which its scales were set.
        train_set: the fingerprint of that split.
        photos: how many test photos told the rest.
        mean_difference: of a photo's probabilities, the largest of its classes.
        largest_difference: the same of the photo where it is largest.
        equal_decisions: the share of the photos for which both name the same class.
        accuracy: of the export.
        float32_accuracy: of the model.
    """

    calibration_photos: int
    train_set: str
    photos: int
    mean_difference: float
    largest_difference: float
    equal_decisions: float
    accuracy: float
    float32_accuracy: float


def check_precision(names: Sequence[str], precision: str) -> None:
    """Can these formats be written in this precision, here?

    Raises:
        WrongUseError: one cannot, whatever is installed.
        PipelineError: NNCF is missing.
    """
    others = [name for name in names if name not in QUANTISED_FORMATS]
    if precision == "int8" and others:
        raise WrongUseError(
            f"--precision int8 is for the format {', '.join(QUANTISED_FORMATS)} alone, received {', '.join(others)}: "
            "leave these out, or take --precision float32"
        )
    if precision == "int8" and importlib.util.find_spec("nncf") is None:
        raise PipelineError(f"--precision int8 needs NNCF, which is not installed: {INT8_ADVICE}")


def load_quantising(description: Description) -> Quantising:
    """The prepared photos of this project, if they are what the model was trained on.

    Raises:
        PipelineError: there are none, or they were prepared in another way or are of other classes.
    """
    try:
        prepared, classes = load_preparation(), load_classes()
        photos = Quantising(load_images("train"), load_images("test"), load_labels("test"), load_fingerprint("train"))
    except PipelineError as error:
        raise PipelineError(f"--precision int8 is calibrated by the model's training photos: {error}") from None
    made, wanted = prepared.model_dump(), description.preparation.model_dump()
    differ = [f"{name} {made[name]}, not {value}" for name, value in wanted.items() if made[name] != value]
    if classes != description.classes:
        differ.append(f"classes {', '.join(classes)}, not {', '.join(description.classes)}")
    if differ:
        raise PipelineError(
            "--precision int8 is calibrated by the model's training photos, and data/arrays holds others ("
            f"{'; '.join(differ)}): run the command in the project of the model, after `dvc checkout`; if params.yaml "
            "is what has changed since, `dvc repro`"
        )
    return photos


def measure_quantised(exported: "Ask", model: "Ask", photos: Quantising) -> Quantised:
    """Push test photos through an export in int8 and through the model that was exported, and compare.

    Args:
        exported: what the export says of prepared images.
        model: what the model says of them.
        photos: at least 256 of the test photos are taken, all where there are fewer.

    Raises:
        PipelineError: they lie apart by more than int8 explains.
    """
    rows = choose_rows(len(photos.images), QUANTISED_PHOTOS)
    received, wanted = (ask(photos.images[rows]).probabilities for ask in (exported, model))
    agreement, labels = compare_passes(received, wanted, "int8"), photos.labels[rows]
    measured = Quantised(
        calibration_photos=min(CALIBRATION_PHOTOS, len(photos.calibration)),
        train_set=photos.fingerprint,
        photos=len(rows),
        mean_difference=agreement.difference,
        largest_difference=float(np.abs(received - wanted).max()),
        equal_decisions=agreement.equal,
        accuracy=float(np.mean(decide(received) == labels)),
        float32_accuracy=float(np.mean(decide(wanted) == labels)),
    )
    if not agreement.is_close:
        raise PipelineError(
            f"in int8 the probabilities of {len(rows)} test photos differ by {agreement.difference:.2g} in the mean, "
            f"at most {agreement.tolerance:g} (accuracy {measured.accuracy:.2%}, of the model "
            f"{measured.float32_accuracy:.2%}): these backbones do not stand it, as those of random weights often do "
            "not; take --precision float32"
        )
    return measured


def describe_quantised(measured: Quantised) -> dict[str, Any]:
    """The block `quantisation` of the contract."""
    return {
        name: float(f"{value:.4g}") if isinstance(value, float) else value for name, value in measured._asdict().items()
    }
