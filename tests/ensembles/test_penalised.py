"""The penalised fit: its start, its gradient, its optimum, and what it makes of few and of many rows."""

import numpy as np
import pytest
from scipy.optimize import check_grad, minimize
from scipy.special import expit, softmax

from stacker.artifacts.logits import compute_probabilities, spread_classes, spread_logits
from stacker.ensembles.held_out_rows import HeldOutRows
from stacker.ensembles.meta_inputs import measure_scale, prepare_inputs, stack_probabilities
from stacker.ensembles.meta_weights import apply_meta_weights
from stacker.ensembles.penalised import (
    Shape,
    build_objective,
    build_penalty,
    build_start,
    compute_losses,
    fit_penalised,
)
from stacker.ensembles.penalised_model import fold_weights, predict_logits, trace_fit


def draw_rows(widths, classes, n=150, seed=0, is_balanced=False):
    """Members of the given output widths that know something, the first more than the last."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, n)
    members = {}
    for number, width in enumerate(widths):
        logits = generator.normal(size=(n, classes)) * 1.5 + (2.5 - number) * np.eye(classes)[labels]
        logits = logits[:, 1:] - logits[:, :1] if width == 1 else logits
        members["cab"[number]] = logits.astype(np.float32)
    rows = np.arange(n)
    return HeldOutRows(members, labels, rows, rows % 5, is_balanced)


WIDTHS = [([1, 1, 1], 2), ([1, 2], 2), ([2, 1], 2), ([4, 4, 4], 4)]


@pytest.mark.parametrize(("widths", "classes"), WIDTHS)
def test_the_start_is_the_mean_of_the_logits(widths, classes):
    rows = draw_rows(widths, classes)
    fit = fit_penalised(rows, 10, 0.6, 0.3, seed=0)

    received = predict_logits(fit, rows.logits, step=0)

    expected = np.mean([spread_logits(logits) for logits in rows.logits.values()], axis=0)
    np.testing.assert_allclose(received, expected, atol=1e-12)
    assert len(fit.path) > 3


@pytest.mark.parametrize("is_balanced", [False, True])
@pytest.mark.parametrize(("widths", "classes"), WIDTHS)
def test_the_gradient_is_that_of_finite_differences(widths, classes, is_balanced):
    rows = draw_rows(widths, classes, n=40, is_balanced=is_balanced)
    scale = measure_scale(stack_probabilities(rows.logits))
    outputs = 1 if classes == 2 else classes
    shape = Shape(len(widths), outputs, len(scale.centre), 3)
    objective = build_objective(
        prepare_inputs(rows.logits, scale), rows.labels, rows.weights, shape, build_penalty(shape, 0.7, 0.3)
    )
    point = build_start(shape, seed=1) + np.random.default_rng(2).normal(0, 0.3, len(build_start(shape, seed=1)))

    error = check_grad(lambda values: objective(values)[0], lambda values: objective(values)[1], point)

    assert error < 1e-5
    assert np.linalg.norm(objective(point)[1]) > 0.1


@pytest.mark.parametrize("is_balanced", [False, True])
def test_without_units_the_weights_are_those_of_a_plain_minimum(is_balanced):
    rows = draw_rows([1, 1], 2, n=90, is_balanced=is_balanced)
    logits = np.hstack(list(rows.logits.values())).astype(np.float64)
    truth = np.where(rows.labels == 1, 1, -1)

    def compute_loss(values):
        losses = np.logaddexp(0, -truth * (logits @ values[:2] + values[2]))
        return rows.weights @ losses + ((values[:2] - 1 / 2) ** 2).sum() / (2 * 0.3**2) + values[2] ** 2 / 2

    expected = minimize(compute_loss, np.zeros(3), method="BFGS", options={"gtol": 1e-8}).x
    parameters = fit_penalised(rows, 10, 0.0, 0.3, seed=0).parameters

    np.testing.assert_allclose([*parameters.w, *parameters.b], expected, atol=1e-5)
    assert parameters.A.size == 0


def test_few_rows_stay_near_the_mean_and_many_leave_it():
    few, many = (fit_penalised(draw_rows([1, 1, 1], 2, n), 0, 0.0, 0.3, 0).parameters.w for n in (6, 6000))

    assert np.abs(few - 1 / 3).max() < 0.2
    assert np.abs(many - 1 / 3).max() > 0.3
    assert list(np.argsort(many)) == [2, 1, 0]  # the better a member, the more it counts


@pytest.mark.parametrize(("widths", "classes"), [([1, 1, 1], 2), ([4, 4, 4], 4)])
def test_the_order_and_the_names_of_the_members_do_not_matter_without_units(widths, classes):
    rows = draw_rows(widths, classes)
    turned = rows._replace(logits={f"new_{label}": rows.logits[label] for label in reversed(rows.logits)})

    first, second = fit_penalised(rows, 0, 0.0, 0.3, 0), fit_penalised(turned, 0, 0.0, 0.3, 0)

    np.testing.assert_allclose(second.parameters.w[::-1], first.parameters.w, atol=1e-6)


@pytest.mark.parametrize("spread", [0.0, 1.2])
@pytest.mark.parametrize(("widths", "classes"), WIDTHS)
def test_folded_into_dense_layers_it_gives_the_same(widths, classes, spread):
    rows = draw_rows(widths, classes)
    fit = fit_penalised(rows, 10, spread, 0.3, seed=0)
    fresh = draw_rows(widths, classes, n=30, seed=5).logits

    weights = fold_weights(fit, {label: logits.shape[1] for label, logits in rows.logits.items()})

    outputs = 1 if classes == 2 else classes
    assert [kernel.shape for kernel, _ in weights.layers] == [
        (2 * sum(widths), 2 * outputs + (10 if spread else 0)),
        (2 * outputs + (10 if spread else 0), outputs),
    ]
    received = compute_probabilities(apply_meta_weights(weights, fresh))
    expected = predict_logits(fit, fresh)
    np.testing.assert_allclose(received, expit(expected) if outputs == 1 else softmax(expected, axis=1), atol=1e-6)


def test_units_bend_what_no_weighted_sum_can():
    generator = np.random.default_rng(0)
    first, second = generator.normal(0, 3, (2, 800, 1))
    labels = ((first[:, 0] > 0) != (second[:, 0] > 0)).astype(int)  # exclusive or
    rows = np.arange(800)
    held_out = HeldOutRows({"a": first, "b": second}, labels, rows, rows % 5, is_balanced=False)

    straight, bent = (fit_penalised(held_out, 10, spread, 0.3, seed=0) for spread in (0.0, 1.2))

    scores = [((predict_logits(fit, held_out.logits)[:, 0] > 0) == labels).mean() for fit in (straight, bent)]
    assert scores[0] < 0.6
    assert scores[1] > 0.9


@pytest.mark.parametrize("classes", [2, 3])
def test_the_learning_curves_are_the_scores_of_every_iteration(classes):
    rows = draw_rows([classes if classes > 2 else 1] * 2, classes, n=80)
    watched = draw_rows([classes if classes > 2 else 1] * 2, classes, n=25, seed=3)
    fit = fit_penalised(rows, 0, 0.0, 0.3, 0)

    history = trace_fit(fit, rows, watched.logits, watched.labels)

    assert [epoch.epoch for epoch in history] == list(range(1, len(fit.path) + 1))
    final = spread_classes(predict_logits(fit, watched.logits))
    assert history[-1].val_accuracy == (final.argmax(axis=1) == watched.labels).mean()
    assert history[-1].val_loss == pytest.approx(-np.log(final[np.arange(25), watched.labels]).mean())
    losses, _ = compute_losses(predict_logits(fit, rows.logits, 1), rows.labels)
    assert history[1].loss == pytest.approx(losses.mean())
    assert history[0].loss > history[-1].loss
    assert history[0].learning_rate is None
