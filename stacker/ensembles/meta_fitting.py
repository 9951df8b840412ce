"""Fit a meta-model on the members' held-out predictions, with all members and without each in turn."""

from collections.abc import Mapping
from typing import NamedTuple

import keras
import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.artifacts.predictions import Predictions, spread_classes
from stacker.ensembles.leave_one_out import MetaWeights
from stacker.ensembles.meta_model import apply_temperature, build_meta_model, extract_weights, find_temperature
from stacker.settings.meta_models import MetaModel
from stacker.training.batches import Batches
from stacker.training.fitting import FitSettings, encode_targets, fit_model


class TruthOfRows(NamedTuple):
    """What the rows of the splits are, as far as stacking may know it.

    Attributes:
        train: int64, (n,), the class of every row of the train split.
        validation: likewise.
        class_count: number of classes.
    """

    train: np.ndarray
    validation: np.ndarray
    class_count: int


def fit_meta_model(
    predictions: Mapping[str, Predictions], truth: TruthOfRows, settings: MetaModel
) -> tuple[keras.Model, list[Epoch]]:
    """Fit on the held-out predictions, and calibrate if asked; the validation split is only watched, for the curves.

    Args:
        predictions: by member, in the order of the meta-model's inputs; all hold out the same rows.
        truth: the labels.
        settings: of the meta-model.
    """
    held = {label: member.held_out for label, member in predictions.items()}
    labels = truth.train[next(iter(predictions.values())).held_out_rows]
    widths = {label: values.shape[1] for label, values in held.items()}
    meta_model = build_meta_model(widths, settings.hidden, truth.class_count, settings.seed)
    width = meta_model.output_shape[-1]
    seen = {label: member.validation for label, member in predictions.items()}
    history = fit_model(
        meta_model,
        Batches(held, encode_targets(labels, width), np.arange(len(labels)), settings.batch_size, settings.seed),
        Batches(seen, encode_targets(truth.validation, width), np.arange(len(truth.validation)), settings.batch_size),
        FitSettings(settings.epochs, settings.batch_size, settings.learning_rate, seed=settings.seed),
        "meta_model",
    )
    if settings.calibration == "temperature":
        calibrate(meta_model, held, labels)
    return meta_model, history


def fit_without_each(
    predictions: Mapping[str, Predictions], truth: TruthOfRows, settings: MetaModel
) -> dict[str, MetaWeights]:
    """For each member the meta-model that a pipeline without it would have: what the member adds is the difference."""
    without = {}
    for removed in predictions:
        print(f"meta-model without {removed}")
        rest = {label: member for label, member in predictions.items() if label != removed}
        without[removed] = extract_weights(fit_meta_model(rest, truth, settings)[0])
    return without


def calibrate(meta_model: keras.Model, held_out: Mapping[str, np.ndarray], labels: np.ndarray) -> None:
    """Fit a temperature on the held-out predictions and fold it into the meta-model.

    Args:
        meta_model: fitted; its output layer is changed in place.
        held_out: by member, float32, (m, 1) or (m, classes).
        labels: int64, (m,).
    """
    outputs = meta_model([held_out[tensor.name] for tensor in meta_model.inputs], training=False)
    temperature = find_temperature(spread_classes(keras.ops.convert_to_numpy(outputs)), labels)
    apply_temperature(meta_model, temperature)
    print(f"calibration: temperature {temperature:.3f}, folded into the output layer")
