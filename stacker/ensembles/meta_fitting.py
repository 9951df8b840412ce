"""Fit a meta-model on the members' held-out predictions: whole, by cross-fitting, and without each member in turn."""

from collections.abc import Mapping
from functools import partial
from typing import NamedTuple

import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.ensembles.adam_fit import fit_by_adam
from stacker.ensembles.held_out_rows import HeldOutRows, Logits, cross_fit
from stacker.ensembles.meta_weights import MetaWeights, apply_meta_weights, divide_logits
from stacker.ensembles.penalised import Fit, fit_penalised
from stacker.ensembles.penalised_model import fold_weights, trace_fit
from stacker.ensembles.spread import choose_spread
from stacker.ensembles.temperature import calibrate_across_cuts, find_temperature
from stacker.settings.meta_models import AdamMetaModel, PenalisedMetaModel
from stacker.splits.held_out import cut_rows

CUTS = 5  # of leaked rows, to choose a spread by


class Watched(NamedTuple):
    """The validation split, which is watched for the learning curves and steers nothing.

    Attributes:
        logits: by member, float32, (n, 1) or (n, classes).
        labels: int64, (n,).
    """

    logits: Logits
    labels: np.ndarray


class FittedMetaModel(NamedTuple):
    """A meta-model, fitted on all held-out rows.

    Attributes:
        weights: of the meta-model, calibrated if asked.
        history: its learning curves.
        held_out: logits of the held-out rows, float32, (m, 1) or (m, classes), each by a fit on the other cuts; empty,
            (0, ...), where the rows are leaked.
        spread: of the hidden units of a penalised fit; 0 for none, and for one by Adam.
    """

    weights: MetaWeights
    history: list[Epoch]
    held_out: np.ndarray
    spread: float


def fit_meta_model(
    held_out: HeldOutRows, watched: Watched, class_count: int, settings: PenalisedMetaModel | AdamMetaModel
) -> FittedMetaModel:
    """Fit on all held-out rows; then on all cuts but one, for each, which says how good it is on fresh rows."""
    if isinstance(settings, PenalisedMetaModel):
        fitted = _fit_to_optimum(held_out, watched, settings)
    else:
        fitted = _fit_by_adam(held_out, watched, class_count, settings)
    if held_out.is_leaked:
        return fitted._replace(held_out=fitted.held_out[:0])
    if settings.calibration == "temperature":
        temperature = find_temperature(fitted.held_out, held_out.labels, held_out.weights)
        print(f"calibration: temperature {temperature:.3f}, folded into the output layer")
        calibrated = calibrate_across_cuts(fitted.held_out, held_out)
        return fitted._replace(weights=divide_logits(fitted.weights, temperature), held_out=calibrated)
    return fitted


def fit_without_each(
    held_out: HeldOutRows, settings: PenalisedMetaModel | AdamMetaModel, spread: float
) -> Mapping[str, MetaWeights]:
    """The meta-model with all members, by the key "", and without each in turn: what it adds is the difference.

    All are fitted to their optimum, even where the ensemble is not: of two fits from random weights, one seed's luck is
    often the larger part of the difference.

    Args:
        held_out: the rows to learn from.
        settings: of the meta-model.
        spread: of the hidden units, the same for all.
    """
    chosen = settings if isinstance(settings, PenalisedMetaModel) else PenalisedMetaModel()
    rows = {"": held_out, **{removed: held_out.without(removed) for removed in held_out.logits}}
    return {removed: _fold(rest, _fit(rest, chosen, spread)) for removed, rest in rows.items()}


def _fit_to_optimum(held_out: HeldOutRows, watched: Watched, settings: PenalisedMetaModel) -> FittedMetaModel:
    cuts = cut_rows(held_out.labels, held_out.groups, CUTS, seed=0) if held_out.is_leaked else held_out.cuts
    choice = choose_spread(held_out._replace(cuts=cuts), settings)
    fit = _fit(held_out, settings, choice.spread)
    history = trace_fit(fit, held_out, watched.logits, watched.labels)
    return FittedMetaModel(_fold(held_out, fit), history, choice.held_out.astype(np.float32), choice.spread)


def _fit(held_out: HeldOutRows, settings: PenalisedMetaModel, spread: float) -> Fit:
    return fit_penalised(held_out, sum(settings.hidden), spread, settings.weight_spread, settings.seed)


def _fold(held_out: HeldOutRows, fit: Fit) -> MetaWeights:
    return fold_weights(fit, {member: values.shape[1] for member, values in held_out.logits.items()})


def _fit_by_adam(held_out: HeldOutRows, watched: Watched, class_count: int, settings: AdamMetaModel) -> FittedMetaModel:
    def learn(rows: HeldOutRows) -> partial[np.ndarray]:
        weights, _ = fit_by_adam(rows, watched.logits, watched.labels, class_count, settings)
        return partial(apply_meta_weights, weights)

    weights, history = fit_by_adam(held_out, watched.logits, watched.labels, class_count, settings)
    predicted = apply_meta_weights(weights, held_out.logits) if held_out.is_leaked else cross_fit(held_out, learn)
    return FittedMetaModel(weights, history, predicted, spread=0.0)
