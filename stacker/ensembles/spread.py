"""Choose how far the hidden units of a penalised meta-model may go: by cross-validation, none unless they pay."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np

from stacker.ensembles.held_out_rows import HeldOutRows, cross_fit
from stacker.ensembles.penalised import fit_penalised
from stacker.ensembles.penalised_model import predict_logits
from stacker.settings.meta_models import PenalisedMetaModel
from stacker.training.logit_losses import measure_losses

SPREADS = (0.0, 0.3, 0.6, 1.2)
MOST_VALUES = 1_000_000  # rows x members x classes: beyond, the fits of the units take half a minute, and none is tried
LEAST_GAIN = 1e-5  # of log loss: below, another CPU's rounding could decide


class Choice(NamedTuple):
    """A spread that was chosen.

    Attributes:
        spread: 0 for no hidden units.
        held_out: logits of all rows, float64, (m, 1) or (m, classes), each by a fit on the other cuts, at the spread
            that these other cuts' losses speak for: what the whole procedure is worth on fresh rows.
    """

    spread: float
    held_out: np.ndarray


def choose_spread(held_out: HeldOutRows, settings: PenalisedMetaModel) -> Choice:
    """Try every spread by cross-fitting over the cuts of `held_out`."""
    spreads = list_spreads(held_out, settings)

    def learn(rows: HeldOutRows, spread: float) -> partial[np.ndarray]:
        hidden = sum(settings.hidden)
        return partial(predict_logits, fit_penalised(rows, hidden, spread, settings.weight_spread, settings.seed))

    logits = [cross_fit(held_out, partial(learn, spread=spread)) for spread in spreads]
    losses = np.stack([measure_losses(values, held_out.labels) * held_out.weights for values in logits])
    predicted = np.empty_like(logits[0])
    for cut in np.unique(held_out.cuts):
        inside = held_out.cuts == cut
        predicted[inside] = logits[pick_spread(losses[:, ~inside])][inside]
    return Choice(spreads[pick_spread(losses)], predicted)


def list_spreads(held_out: HeldOutRows, settings: PenalisedMetaModel) -> Sequence[float]:
    """The spreads to try; where there are too many values for hidden units, that is said."""
    values = sum(logits.size for logits in held_out.logits.values())
    if not settings.hidden:
        return (0.0,)
    if values > MOST_VALUES:
        print(f"no hidden units: {values:,} logits to learn from are more than {MOST_VALUES:,}")
        return (0.0,)
    return SPREADS if settings.spread == "auto" else (settings.spread,)


def pick_spread(losses: np.ndarray) -> int:
    """The spread with the lowest loss, if it beats the first one by a standard error and `LEAST_GAIN`; else the first.

    Source: the one-standard-error rule of Breiman et al., "Classification and regression trees", 1984, paired.

    Args:
        losses: float64, (spreads, m), of rows that the fits have not learnt.
    """
    best = int(losses.mean(axis=1).argmin())
    gains = losses[0] - losses[best]
    least = max(LEAST_GAIN, gains.std(ddof=1) / np.sqrt(len(gains)))
    return best if gains.mean() > least else 0
