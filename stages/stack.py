"""Fit the meta-model on the members' held-out predictions and put it on the frozen members.

Reads `models/members/`, `data/predictions/`, the labels and a few training images; writes `models/ensemble.h5`, the
learning curves `plots/curves/ensemble.csv`, and for `compare` the meta-models that lack one member each,
`data/ensemble/leave_one_out.npz`. The members' networks run for a few images only, as a check.
Alone: `python -m stages.stack`.
"""

from pathlib import Path

import keras
import numpy as np

from stages.arrays import load_classes, load_images, load_labels
from stages.batches import Batches
from stages.errors import PipelineError, run_stage
from stages.fitting import Epoch, FitSettings, encode_targets, fit_model, make_deterministic, write_history
from stages.leave_one_out import MetaWeights, save_leave_one_out
from stages.meta_model import apply_temperature, assemble_ensemble, build_meta_model, extract_weights, find_temperature
from stages.ordering import order_members
from stages.outputs import remove_strays, replaced_file
from stages.predictions import PREDICTIONS, Predictions, load_predictions, spread_classes
from stages.saved_models import load_model, save_model
from stages.schema import MetaModel
from stages.settings import load_settings

MEMBERS = Path("models/members")
ENSEMBLE = Path("models/ensemble.h5")
CURVES = Path("plots/curves/ensemble.csv")
CHECKED_ROWS = 4


def main() -> None:
    settings = load_settings()
    meta_settings = settings.stacking.meta_models["ensemble"]
    make_deterministic()
    for folder, suffix in ((MEMBERS, ".h5"), (PREDICTIONS, ".npz")):
        for stray in remove_strays(folder, {label + suffix for label in settings.members}):
            print(f"removed {folder / stray}: params.yaml has no such member")
    predictions = {label: load_predictions(label) for label in settings.members}
    predictions = {
        label: predictions[label] for label in order_members({k: p.held_out for k, p in predictions.items()})
    }
    if any(member.is_leaked for member in predictions.values()):
        print("warning: stacking.fit_on is `train`: the meta-model learns from leaked predictions; for comparison only")
    meta_model, history = fit_meta_model(predictions, meta_settings)
    print(f"meta-model: loss {history[-1].loss:.4f}, accuracy {history[-1].accuracy:.4f} on the rows it learnt")
    members = {label: load_model(MEMBERS / f"{label}.h5", f"train@{label}") for label in predictions}
    ensemble = assemble_ensemble(members, meta_model)
    check_ensemble(ensemble, meta_model, predictions, settings.inference.precision)
    save_model(ensemble, ENSEMBLE)
    with replaced_file(CURVES) as path:
        write_history(path, history)
    save_leave_one_out(fit_without_each(predictions, meta_settings))


def fit_meta_model(predictions: dict[str, Predictions], settings: MetaModel) -> tuple[keras.Model, list[Epoch]]:
    """Fit on the held-out predictions, and calibrate if asked; the validation split is only watched, for the curves.

    Raises:
        PipelineError: the members do not hold out the same rows.
    """
    held = {label: member.held_out for label, member in predictions.items()}
    rows = next(iter(predictions.values())).held_out_rows
    if any(not np.array_equal(rows, member.held_out_rows) for member in predictions.values()):
        raise PipelineError("the members' held-out rows differ: run `dvc repro`, which predicts them alike")
    widths = {label: values.shape[1] for label, values in held.items()}
    meta_model = build_meta_model(widths, settings.hidden, len(load_classes()), settings.seed)
    width = meta_model.output_shape[-1]
    labels, validation = load_labels("train")[rows], load_labels("validation")
    seen = {label: member.validation for label, member in predictions.items()}
    history = fit_model(
        meta_model,
        Batches(held, encode_targets(labels, width), np.arange(len(labels)), settings.batch_size, settings.seed),
        Batches(seen, encode_targets(validation, width), np.arange(len(validation)), settings.batch_size),
        FitSettings(settings.epochs, settings.batch_size, settings.learning_rate, seed=settings.seed),
        "meta_model",
    )
    if settings.calibration == "temperature":
        calibrate(meta_model, predictions)
    return meta_model, history


def fit_without_each(predictions: dict[str, Predictions], settings: MetaModel) -> dict[str, MetaWeights]:
    """For each member the meta-model that a pipeline without it would have: what the member adds is the difference."""
    without = {}
    for removed in predictions:
        print(f"meta-model without {removed}")
        rest = {label: member for label, member in predictions.items() if label != removed}
        without[removed] = extract_weights(fit_meta_model(rest, settings)[0])
    return without


def calibrate(meta_model: keras.Model, predictions: dict[str, Predictions]) -> None:
    """Fit a temperature on the held-out predictions and fold it into the meta-model."""
    rows = next(iter(predictions.values())).held_out_rows
    outputs = meta_model([predictions[tensor.name].held_out for tensor in meta_model.inputs], training=False)
    temperature = find_temperature(spread_classes(keras.ops.convert_to_numpy(outputs)), load_labels("train")[rows])
    apply_temperature(meta_model, temperature)
    print(f"calibration: temperature {temperature:.3f}, folded into the output layer")


def check_ensemble(
    ensemble: keras.Model, meta_model: keras.Model, predictions: dict[str, Predictions], precision: str
) -> None:
    """Does the assembled model, fed through its inputs, give what its parts gave?

    Raises:
        PipelineError: it does not.
    """
    tolerance = 1e-3 if precision == "float32" else 0.1
    images = np.asarray(load_images("train")[:CHECKED_ROWS], np.float32)
    received = ensemble({tensor.name: images for tensor in ensemble.inputs}, training=False)
    expected = meta_model(
        [predictions[tensor.name].train[:CHECKED_ROWS] for tensor in meta_model.inputs], training=False
    )
    difference = float(keras.ops.max(keras.ops.abs(received - expected)))
    if not difference < tolerance:
        raise PipelineError(
            f"the assembled ensemble differs by {difference:.2g} from its parts (tolerance {tolerance})"
        )


if __name__ == "__main__":
    run_stage(main)
