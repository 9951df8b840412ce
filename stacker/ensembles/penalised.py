"""The meta-model that is fitted to its optimum: it starts as the mean of the members' logits, and is pulled back to it.

    z = sum over members of w * logits + b + relu(p A + a) B

The few weights w, one a member, shared by all classes, do most of the work; ten units on the probabilities p bend it
where enough rows ask for it. The pull to the start (L2-SP: Li, Grandvalet and Davoine, "Explicit inductive bias for
transfer learning", 2018) weakens as rows grow in number. So an ensemble of few rows is the mean of its members, which
is hard to beat, and one of many rows is what these say. All is float64, by L-BFGS-B: no seed but that of A, no epochs.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits

from stacker.artifacts.row_blocks import cut_blocks
from stacker.ensembles.held_out_rows import HeldOutRows
from stacker.ensembles.meta_inputs import Inputs, Scale, measure_scale, prepare_inputs, stack_probabilities
from stacker.training.logit_losses import compute_losses

MOST_ITERATIONS = 100
PRECISION = {"ftol": 1e-11, "gtol": 1e-8}


class Shape(NamedTuple):
    """How large a meta-model is.

    Attributes:
        members: how many.
        outputs: 1 for two classes, else one a class.
        columns: of probabilities: one a member for two classes, else one a member and class; none without units.
        hidden: units on the probabilities.
    """

    members: int
    outputs: int
    columns: int
    hidden: int


class Parameters(NamedTuple):
    """The parameters, named as in the formula above: float64, (members,), (outputs,), (columns, hidden), ..."""

    w: np.ndarray
    b: np.ndarray
    A: np.ndarray
    a: np.ndarray
    B: np.ndarray


class Fit(NamedTuple):
    """A fitted meta-model; `path` has the parameters of the start and of every iteration, the last ones are kept."""

    shape: Shape
    scale: Scale
    path: list[np.ndarray]

    @property
    def parameters(self) -> Parameters:
        return unpack(self.path[-1], self.shape)


def fit_penalised(held_out: HeldOutRows, hidden: int, spread: float, weight_spread: float, seed: int) -> Fit:
    """Fit to the optimum.

    Args:
        held_out: the rows to learn from.
        hidden: units on the probabilities; none where `spread` is 0.
        spread: how far the kernels of these units may go, the standard deviation of a normal prior.
        weight_spread: how far the members' weights may go from 1 / members, likewise.
        seed: of the units' first kernel.
    """
    is_bent = bool(hidden and spread)
    scale = measure_scale(stack_probabilities(held_out.logits, is_bent))
    inputs = prepare_inputs(held_out.logits, scale)
    outputs = inputs.logits.shape[1] // len(held_out.labels)
    shape = Shape(len(held_out.logits), outputs, len(scale.centre), hidden if is_bent else 0)
    penalty = build_penalty(shape, spread, weight_spread)
    start = build_start(shape, seed)
    path = [start]
    with threadpool_limits(limits=1):  # another number of threads rounds otherwise; for small arrays it is slower, too
        minimize(
            build_objective(inputs, held_out.labels, held_out.weights, shape, penalty),
            start,
            jac=True,
            method="L-BFGS-B",
            callback=lambda intermediate_result: path.append(intermediate_result.x.copy()),
            options={"maxiter": MOST_ITERATIONS, **PRECISION},
        )
    return Fit(shape, scale, path)


def build_start(shape: Shape, seed: int) -> np.ndarray:
    """The mean of the members' logits: equal weights, and units that count for nothing yet (B is 0)."""
    limit = np.sqrt(6 / (shape.columns + max(shape.hidden, 1)))  # Glorot and Bengio, 2010
    kernel = np.random.default_rng(seed).uniform(-limit, limit, (shape.columns, shape.hidden))
    zeros = np.zeros(shape.hidden + shape.hidden * shape.outputs)
    return np.concatenate([np.full(shape.members, 1 / shape.members), np.zeros(shape.outputs), kernel.ravel(), zeros])


def build_penalty(shape: Shape, spread: float, weight_spread: float) -> np.ndarray:
    """Of every parameter, in the order of `unpack`, 1 over its squared spread: float64."""
    units = 1 / spread**2 if shape.hidden else 0.0
    parts = (
        (1 / weight_spread**2, shape.members),
        (1.0, shape.outputs),
        (units, shape.columns * shape.hidden),
        (1.0, shape.hidden),
        (units, shape.hidden * shape.outputs),
    )
    return np.concatenate([np.full(count, value) for value, count in parts])


def unpack(values: np.ndarray, shape: Shape) -> Parameters:
    """Views of the parameters in one flat array."""
    sizes = (shape.members, shape.outputs, shape.columns * shape.hidden, shape.hidden, shape.hidden * shape.outputs)
    w, b, A, a, B = np.split(values, np.cumsum(sizes)[:-1])  # noqa: N806 - as in the formula
    return Parameters(w, b, A.reshape(shape.columns, shape.hidden), a, B.reshape(shape.hidden, shape.outputs))


def build_objective(
    inputs: Inputs, labels: np.ndarray, weights: np.ndarray, shape: Shape, penalty: np.ndarray
) -> Callable[[np.ndarray], tuple[float, np.ndarray]]:
    """The function to minimise: the weighted mean log loss, the pull to the start, and the gradient of both."""
    n = len(labels)
    anchor = np.zeros(len(penalty))
    anchor[: shape.members] = 1 / shape.members

    def evaluate_block(parameters: Parameters, rows: slice) -> tuple[float, np.ndarray]:
        block = inputs.take(rows)
        z, units = combine_inputs(block, parameters)
        losses, slopes = compute_losses(z, labels[rows])
        slopes *= weights[rows, np.newaxis] / n
        behind = (slopes @ parameters.B.T) * (units > 0)
        gradient = np.concatenate(
            [
                block.logits @ slopes.ravel(),
                slopes.sum(axis=0),
                (block.probabilities.T @ behind).ravel(),
                behind.sum(axis=0),
                (units.T @ slopes).ravel(),
            ]
        )
        return float(weights[rows] @ losses), gradient

    def evaluate(values: np.ndarray) -> tuple[float, np.ndarray]:
        parameters = unpack(values, shape)
        blocks = [evaluate_block(parameters, rows) for rows in cut_blocks(n, shape.outputs)]
        pull = penalty * (values - anchor)
        loss = sum(loss for loss, _ in blocks) / n + pull @ (values - anchor) / (2 * n)
        return float(loss), np.sum([gradient for _, gradient in blocks], axis=0) + pull / n

    return evaluate


def combine_inputs(inputs: Inputs, parameters: Parameters) -> tuple[np.ndarray, np.ndarray]:
    """The logits, float64, (n, outputs), and what the units gave, (n, hidden)."""
    units = np.maximum(inputs.probabilities @ parameters.A + parameters.a, 0)
    z = (parameters.w @ inputs.logits).reshape(len(units), -1) + parameters.b
    return (z + units @ parameters.B if units.size else z), units
