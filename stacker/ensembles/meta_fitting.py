"""Fit a meta-model on the members' held-out predictions: whole, by cross-fitting, and without each member in turn."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.ensembles.adam_fit import fit_by_adam
from stacker.ensembles.held_out_rows import HeldOutRows, Logits, cross_fit
from stacker.ensembles.meta_weights import MetaWeights, apply_meta_weights, divide_logits
from stacker.ensembles.penalised import fit_penalised
from stacker.ensembles.penalised_model import fold_weights, trace_fit
from stacker.ensembles.spread import choose_spread
from stacker.ensembles.temperature import calibrate_across_cuts, find_temperature
from stacker.settings.meta_models import AdamMetaModel, PenalisedMetaModel


class Watched(NamedTuple):
    """The validation split, which is watched for the learning curves and steers nothing.

    Attributes:
        logits: by member, float32, (n, 1) or (n, classes).
        labels: int64, (n,).
    """

    logits: Logits
    labels: np.ndarray

    def without(self, member: str) -> "Watched":
        """The same split, as if there were no such member."""
        return self._replace(logits={label: values for label, values in self.logits.items() if label != member})


class FittedMetaModel(NamedTuple):
    """A meta-model, fitted on all held-out rows.

    Attributes:
        weights: of the meta-model, calibrated if asked.
        history: its learning curves.
        held_out: logits of the held-out rows, float32, (m, 1) or (m, classes), each by a fit on the other cuts; empty,
            (0, ...), where the rows are leaked.
    """

    weights: MetaWeights
    history: list[Epoch]
    held_out: np.ndarray


def fit_meta_model(
    held_out: HeldOutRows, watched: Watched, class_count: int, settings: PenalisedMetaModel | AdamMetaModel
) -> FittedMetaModel:
    """Fit on all held-out rows; then on all cuts but one, for each, which says how good it is on fresh rows."""
    weights, history = _fit(held_out, watched, class_count, settings)

    def learn(rows: HeldOutRows) -> partial[np.ndarray]:
        return partial(apply_meta_weights, _fit(rows, watched, class_count, settings)[0])

    if np.any(held_out.cuts < 0):
        width = weights.layers[-1][1].shape[0]
        return FittedMetaModel(weights, history, np.empty((0, width), np.float32))
    predicted = cross_fit(held_out, learn)
    if settings.calibration == "temperature":
        temperature = find_temperature(predicted, held_out.labels, held_out.weights)
        print(f"calibration: temperature {temperature:.3f}, folded into the output layer")
        weights, predicted = divide_logits(weights, temperature), calibrate_across_cuts(predicted, held_out)
    return FittedMetaModel(weights, history, predicted)


def fit_without_each(held_out: HeldOutRows, settings: PenalisedMetaModel | AdamMetaModel) -> Mapping[str, MetaWeights]:
    """The meta-model with all members, by the key "", and without each in turn: what it adds is the difference.

    All are fitted to their optimum, even where the ensemble is not: of two fits from random weights, one seed's luck is
    often the larger part of the difference.
    """
    chosen = settings if isinstance(settings, PenalisedMetaModel) else PenalisedMetaModel()
    rows = {"": held_out, **{removed: held_out.without(removed) for removed in held_out.logits}}
    return {removed: _fit_to_optimum(rest, None, chosen)[0] for removed, rest in rows.items()}


def _fit(
    held_out: HeldOutRows, watched: Watched, class_count: int, settings: PenalisedMetaModel | AdamMetaModel
) -> tuple[MetaWeights, list[Epoch]]:
    if isinstance(settings, PenalisedMetaModel):
        return _fit_to_optimum(held_out, watched, settings)
    return fit_by_adam(held_out, watched.logits, watched.labels, class_count, settings)


def _fit_to_optimum(
    held_out: HeldOutRows, watched: Watched | None, settings: PenalisedMetaModel
) -> tuple[MetaWeights, list[Epoch]]:
    spread = choose_spread(held_out, settings)
    fit = fit_penalised(held_out, sum(settings.hidden), spread, settings.weight_spread, settings.seed)
    widths = {member: values.shape[1] for member, values in held_out.logits.items()}
    history = [] if watched is None else trace_fit(fit, held_out, watched.logits, watched.labels)
    return fold_weights(fit, widths), history
