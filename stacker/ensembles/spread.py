"""Choose how far the hidden units of a penalised meta-model may go: by cross-validation, none unless they pay."""

import numpy as np

from stacker.ensembles.held_out_rows import HeldOutRows
from stacker.ensembles.penalised import compute_losses, fit_penalised
from stacker.ensembles.penalised_model import predict_logits
from stacker.settings.meta_models import PenalisedMetaModel

SPREADS = (0.0, 0.3, 0.6, 1.2)
MOST_VALUES = 3_000_000  # rows x members x classes: beyond, a fit of the units takes minutes, and none is tried


def choose_spread(held_out: HeldOutRows, settings: PenalisedMetaModel) -> float:
    """The spread of the units, 0 for none.

    The spread with the lowest log loss on rows that the fit has not learnt is taken if it beats 0 by more than one
    standard error of the paired difference (Breiman et al., "Classification and regression trees", 1984).

    Args:
        held_out: the rows to learn from.
        settings: of the meta-model.
    """
    if not settings.hidden:
        return 0.0
    if settings.spread != "auto":
        return settings.spread
    values = sum(logits.size for logits in held_out.logits.values())
    if values > MOST_VALUES:
        print(f"no hidden units: {values:,} logits to learn from are more than {MOST_VALUES:,}")
        return 0.0
    cuts = cut_rows(held_out, settings.folds, settings.seed)
    if cuts is None:
        print("no hidden units: a class has too few different photos to choose their spread by cross-validation")
        return 0.0
    losses = np.stack([_predict_losses(held_out, cuts, spread, settings) for spread in SPREADS])
    best = int(losses.mean(axis=1).argmin())
    gains = losses[0] - losses[best]
    return SPREADS[best] if gains.mean() > gains.std(ddof=1) / np.sqrt(len(gains)) else 0.0


def cut_rows(held_out: HeldOutRows, folds: int, seed: int) -> np.ndarray | None:
    """The cut that each row belongs to, int64, (m,), duplicates together; None where a class is too rare for two."""
    from sklearn.model_selection import StratifiedGroupKFold

    labels, groups = held_out.labels, held_out.groups
    fewest = min(len(np.unique(groups[labels == label])) for label in np.unique(labels))
    count = min(folds, fewest)
    if count < 2:
        return None
    cuts = np.empty(len(labels), np.int64)
    splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    for number, (_, rows) in enumerate(splitter.split(labels, labels, groups)):
        cuts[rows] = number
    return cuts


def _predict_losses(held_out: HeldOutRows, cuts: np.ndarray, spread: float, settings: PenalisedMetaModel) -> np.ndarray:
    """The weighted log loss of every row by a fit on the other cuts, float64, (m,)."""
    losses = np.empty(len(cuts))
    for cut in np.unique(cuts):
        inside = cuts == cut
        fit = fit_penalised(held_out.take(~inside), settings.hidden[0], spread, settings.weight_spread, settings.seed)
        rows = held_out.take(inside)
        losses[inside] = compute_losses(predict_logits(fit, rows.logits), rows.labels)[0]
    return np.asarray(losses * held_out.weights)
