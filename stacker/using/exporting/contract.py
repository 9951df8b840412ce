"""What one has to know to get the same answers from an export: as JSON."""

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras

from stacker.artifacts.descriptions import Description
from stacker.artifacts.preparation import Preparation
from stacker.photos.decoding import MARGIN
from stacker.photos.image_files import COLOUR
from stacker.using.exporting.formats import FORMATS
from stacker.using.exporting.quantised import Quantised, describe_quantised
from stacker.using.exporting.serving_model import NOVELTY, PROBABILITIES

FROM_FILES, NETWORK = 1e-3, 1e-4  # the largest difference of a probability that is let pass
GROWS_BY = {"auto": "INTER_CUBIC", "cubic": "INTER_CUBIC", "linear": "INTER_LINEAR"}  # as OpenCV calls them


def write_contract(
    path: Path,
    name: str,
    model: keras.Model,
    description: Description,
    jpeg_effect: float,
    quantised: Quantised | None = None,
) -> None:
    """Write what an export is, takes and gives.

    Args:
        path: of the file.
        name: of the format.
        model: that was exported, as `build_serving_model` gives it.
        description: what the saved file says of itself.
        jpeg_effect: how far a probability of the golden photos moves where no JPEG is reduced while it is decoded.
        quantised: how far it lies off, if it is in int8.
    """
    side, classes, thresholds = description.preparation.side, description.classes, description.thresholds
    contract = {
        "model": description.label,
        "kind": description.kind,
        "members": {
            label: {"backbone": one.backbone, "weights": one.weights} for label, one in description.members.items()
        },
        "settings": description.settings,
        "made_with": description.versions,
        "format": name,
        "file": FORMATS[name].file,
        "checked_with": {FORMATS[name].distribution: version(FORMATS[name].distribution)},
        "precision": "float32" if quantised is None else "int8",
        "classes": classes,
        "inputs": [tensor.name for tensor in model.inputs],
        "shape": ["batch", side, side, 3],
        "dtype": str(model.inputs[0].dtype),
        "channels": "RGB",
        "range": [0, 255],
        "outputs": {PROBABILITIES: ["batch", len(classes)], NOVELTY: ["batch", 1]},
        "preparation": describe_preparation(description.preparation, jpeg_effect),
        "thresholds": {"sets": thresholds.sets, "level": thresholds.level, "novelty": thresholds.novelty},
        "tolerances": {"from_files": FROM_FILES, "network": NETWORK},
    }
    if quantised is not None:
        contract["quantisation"] = describe_quantised(quantised)
    path.write_text(json.dumps(contract, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def describe_preparation(preparation: Preparation, jpeg_effect: float) -> dict[str, Any]:
    """The block `preparation` of the contract."""
    return {
        **preparation.model_dump(mode="json"),
        "shrinks_by": "INTER_AREA",
        "grows_by": GROWS_BY[preparation.interpolation],
        "jpeg_factors": sorted(COLOUR),
        "jpeg_margin": MARGIN,
        "jpeg_effect": float(f"{jpeg_effect:.1e}"),
    }
