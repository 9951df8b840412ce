"""Calibration by one temperature, fitted on predictions that the meta-model has not learnt."""

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

from stacker.ensembles.held_out_rows import HeldOutRows

SPREAD = 0.5  # of the logarithm of a temperature, before any row is seen: few rows leave it near 1


def find_temperature(logits: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """The temperature T that minimises the log loss of the logits divided by T, pulled towards 1 as rows grow few.

    Source: Guo et al., "On Calibration of Modern Neural Networks", 2017; fitted after combining, as Rahaman and Thiery
    advise ("Uncertainty Quantification and Deep Ensembles", 2021). On rows that the model has learnt it would make
    a model sure of itself surer; and on separable rows, without the pull, infinitely sure.

    Args:
        logits: float32, (n, 1) or (n, classes): of rows that what gave them had not learnt.
        labels: int64, (n,).
        weights: float64, (n,), 1 on average.
    """
    values = logits.astype(np.float64)
    if values.shape[1] == 1:
        values = np.hstack([np.zeros_like(values), values])
    rows = np.arange(len(labels))

    def evaluate(log_temperature: float) -> float:
        losses = -log_softmax(values / np.exp(log_temperature), axis=1)[rows, labels]
        return float((weights * losses).sum() + (log_temperature / SPREAD) ** 2 / 2)

    return float(np.exp(minimize_scalar(evaluate, bounds=(-3, 3), method="bounded").x))


def calibrate_across_cuts(logits: np.ndarray, held_out: HeldOutRows) -> np.ndarray:
    """Divide cross-fitted logits by a temperature, for every cut by that of the others.

    Args:
        logits: float32, (m, 1) or (m, classes), as `cross_fit` gives them.
        held_out: their rows.
    """
    calibrated = np.empty_like(logits)
    weights = held_out.weights
    for cut in np.unique(held_out.cuts):
        inside = held_out.cuts == cut
        temperature = find_temperature(logits[~inside], held_out.labels[~inside], weights[~inside])
        calibrated[inside] = logits[inside] / temperature
    return calibrated
