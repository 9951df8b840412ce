"""What becomes of a penalised fit: its logits, its learning curves, and Dense-Dense weights for Keras."""

from collections.abc import Iterable, Iterator

import numpy as np

from stacker.artifacts.curves import Epoch
from stacker.artifacts.row_blocks import cut_blocks
from stacker.ensembles.held_out_rows import HeldOutRows, Logits
from stacker.ensembles.meta_inputs import Inputs, prepare_inputs
from stacker.ensembles.meta_weights import MetaWeights
from stacker.ensembles.penalised import Fit, combine_inputs, unpack
from stacker.training.logit_losses import compute_losses


def predict_logits(fit: Fit, logits: Logits, step: int = -1) -> np.ndarray:
    """Logits by the parameters of one step of the fit, float64, (n, 1) or (n, classes).

    Args:
        fit: what `fit_penalised` gave.
        logits: by member, of n rows, float32, (n, 1) or (n, classes).
        step: 0 for the start, -1 for the last iteration.
    """
    return np.concatenate(list(_predict_blocks(fit, prepare_inputs(logits, fit.scale), step)))


def trace_fit(fit: Fit, held_out: HeldOutRows, watched: Logits, labels: np.ndarray) -> list[Epoch]:
    """The learning curves: the start, then every iteration.

    Args:
        fit: what they are of.
        held_out: the rows that it learnt.
        watched: the members' logits of the validation split.
        labels: of the validation split, int64, (n,).
    """
    learnt, seen = (prepare_inputs(logits, fit.scale) for logits in (held_out.logits, watched))
    return [
        Epoch(
            step + 1,
            "meta_model",
            *_score(_predict_blocks(fit, learnt, step), held_out.labels),
            *_score(_predict_blocks(fit, seen, step), labels),
            learning_rate=None,
        )
        for step in range(len(fit.path))
    ]


def fold_weights(fit: Fit, widths: dict[str, int]) -> MetaWeights:
    """The meta-model as Dense-Dense on the members' own logits and probabilities.

    Two hidden units an output carry plus and minus the weighted sum, since relu(z) - relu(-z) = z; the standardisation
    goes into the first kernel. A softmax does not change when all logits of a row move alike, so that a member's logits
    serve as they are for log probabilities; of two classes' logits the difference is taken.

    Args:
        fit: what `fit_penalised` gave.
        widths: by member, in order, the width of its output.
    """
    parameters, shape = fit.parameters, fit.shape
    sums = [
        weight * _pick_logits(width, shape.outputs) for weight, width in zip(parameters.w, widths.values(), strict=True)
    ]
    first, nothing = np.concatenate(sums), np.zeros((sum(widths.values()), 2 * shape.outputs))
    bent = np.zeros((len(first), shape.hidden))
    if shape.hidden:
        bent[_find_columns(list(widths.values()), shape.outputs)] = parameters.A / fit.scale.deviation
    kernel = np.block([[first, -first, np.zeros_like(bent)], [nothing, bent]])
    shift = parameters.a - fit.scale.centre @ parameters.A / fit.scale.deviation
    identity = np.eye(shape.outputs)
    return MetaWeights(
        list(widths),
        True,
        [
            (kernel, np.concatenate([parameters.b, -parameters.b, shift])),
            (np.concatenate([identity, -identity, parameters.B]), np.zeros(shape.outputs)),
        ],
    )


def _predict_blocks(fit: Fit, inputs: Inputs, step: int) -> Iterator[np.ndarray]:
    """The logits of some rows after the other."""
    parameters = unpack(fit.path[step], fit.shape)
    for rows in cut_blocks(len(inputs.probabilities), fit.shape.outputs):
        yield combine_inputs(inputs.take(rows), parameters)[0]


def _score(blocks: Iterable[np.ndarray], labels: np.ndarray) -> tuple[float, float]:
    """Accuracy and mean log loss of logits, a block of rows after the other."""
    right, losses, start = [], [], 0
    for z in blocks:
        known = labels[start : start + len(z)]
        right.append((z[:, 0] > 0 if z.shape[1] == 1 else z.argmax(axis=1)) == known)
        losses.append(compute_losses(z, known)[0])
        start += len(z)
    return float(np.concatenate(right).mean()), float(np.concatenate(losses).mean())


def _pick_logits(width: int, outputs: int) -> np.ndarray:
    """From a member's logits, (n, width), to those that the meta-model counts with, (n, outputs)."""
    return np.array([[-1.0], [1.0]]) if (width, outputs) == (2, 1) else np.eye(width)


def _find_columns(widths: list[int], outputs: int) -> np.ndarray:
    """Where, among the members' probabilities side by side, those stand that the units take."""
    starts = np.cumsum([0, *widths[:-1]])
    if outputs == 1:  # the second class's: the last one of (n, 2), the only one of (n, 1)
        return np.asarray(starts + np.array(widths) - 1)
    return np.arange(sum(widths))
