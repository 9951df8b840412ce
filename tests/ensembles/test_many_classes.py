"""Rows in blocks: what comes out is the same, and no second array of all rows and classes is made."""

import tracemalloc

import numpy as np
import pytest
from helpers import make_predictions
from scipy.sparse import csr_array
from scipy.special import log_softmax, softmax

from stacker.artifacts.logits import spread_classes, spread_logits
from stacker.ensembles.baselines import build_baselines
from stacker.ensembles.held_out_rows import HeldOutRows, cross_fit
from stacker.ensembles.meta_inputs import prepare_inputs
from stacker.ensembles.meta_weights import MetaWeights, apply_meta_weights
from stacker.ensembles.penalised import build_objective, build_penalty, build_start, fit_penalised
from stacker.ensembles.penalised_model import predict_logits, trace_fit
from stacker.scoring.scores import compute_squares
from stacker.training.logit_losses import compute_losses, measure_losses

ROWS, CLASSES = 53, 7


def draw_rows(rows=ROWS, classes=CLASSES, members=2):
    generator = np.random.default_rng(0)
    labels = np.arange(rows) % classes
    logits = {
        name: (generator.normal(size=(rows, classes)) + np.eye(classes)[labels]).astype(np.float32)
        for name in "cab"[:members]
    }
    return HeldOutRows(logits, labels, np.arange(rows), np.arange(rows) % 3, False)


@pytest.fixture
def cut(monkeypatch):
    """From now on no block has more than so many rows."""
    return lambda rows=4: monkeypatch.setattr("stacker.artifacts.row_blocks.BLOCK_VALUES", rows * CLASSES)


def test_probabilities_logits_and_losses_are_the_same_in_blocks(cut):
    rows = draw_rows()
    logits = rows.logits["a"]
    cut()

    np.testing.assert_array_equal(spread_classes(logits), softmax(logits.astype(np.float64), axis=1))
    np.testing.assert_array_equal(spread_logits(logits), log_softmax(logits.astype(np.float64), axis=1))
    np.testing.assert_array_equal(measure_losses(logits, rows.labels), compute_losses(logits, rows.labels)[0])
    squares = ((spread_classes(logits) - np.eye(CLASSES)[rows.labels]) ** 2).sum(axis=1)
    np.testing.assert_array_equal(compute_squares(rows.labels, spread_classes(logits)), squares)


def test_losses_are_those_of_log_probabilities_and_slopes_their_differences():
    z = np.array([[800.0, 0.0, -800.0], [1.0, 2.0, 4.0]])

    losses, slopes = compute_losses(z, np.array([1, 2]))

    assert losses == pytest.approx([800, -log_softmax(z[1])[2]])
    assert slopes == pytest.approx(np.array([[1, -1, 0], softmax(z[1]) - [0, 0, 1]]))
    assert z.tolist() == [[800, 0, -800], [1, 2, 4]]


@pytest.mark.parametrize("spread", [0.0, 0.6])
def test_a_fit_its_curves_and_its_answers_are_the_same_in_blocks(cut, spread):
    rows, watched = draw_rows(), draw_rows(20)

    def fit():
        fitted = fit_penalised(rows, 3, spread, 0.3, seed=0)
        return predict_logits(fitted, rows.logits), trace_fit(fitted, rows, watched.logits, watched.labels), fitted

    whole, curve, first = fit()
    cut()
    blocks, other_curve, _ = fit()

    np.testing.assert_allclose(blocks, whole, atol=1e-4)
    assert other_curve[0][2:6] == pytest.approx(curve[0][2:6])
    assert other_curve[-1][2:6] == pytest.approx(curve[-1][2:6], abs=1e-6)
    inputs, penalty = prepare_inputs(rows.logits, first.scale), build_penalty(first.shape, spread or 1, 0.3)
    start = build_start(first.shape, seed=1) + 0.1
    evaluate = build_objective(inputs, rows.labels, rows.weights, first.shape, penalty)
    loss, gradient = evaluate(start)
    cut(ROWS)
    assert evaluate(start)[0] == pytest.approx(loss)
    assert evaluate(start)[1] == pytest.approx(gradient)


def test_a_meta_model_applied_in_blocks_gives_the_same(cut):
    rows, generator = draw_rows(), np.random.default_rng(1)
    layers = [
        (generator.normal(size=(4 * CLASSES, 9)), generator.normal(size=9)),
        (np.eye(9, CLASSES), np.zeros(CLASSES)),
    ]
    weights = MetaWeights(["a", "c"], True, layers)
    whole = apply_meta_weights(weights, rows.logits)

    cut()

    np.testing.assert_allclose(apply_meta_weights(weights, rows.logits), whole, rtol=1e-6)
    assert whole.shape == (ROWS, CLASSES)


def test_a_kernel_of_zeros_is_applied_without_them_and_gives_the_same(monkeypatch):
    rows = draw_rows()
    kernel = np.concatenate([np.eye(2 * CLASSES, 2 * CLASSES), np.zeros((2 * CLASSES, 2 * CLASSES))])
    weights = MetaWeights(
        ["a", "c"], True, [(3 * kernel, np.arange(14.0)), (np.ones((14, CLASSES)), np.zeros(CLASSES))]
    )
    whole = apply_meta_weights(weights, rows.logits)
    multiplied = []

    def count(values):
        multiplied.append(values.shape)
        return csr_array(values)

    monkeypatch.setattr("stacker.ensembles.meta_weights.csr_array", count)
    apply_meta_weights(weights, rows.logits)
    assert not multiplied
    monkeypatch.setattr("stacker.ensembles.meta_weights.MOST_DENSE", 1)

    np.testing.assert_allclose(apply_meta_weights(weights, rows.logits), whole, rtol=1e-6)
    assert multiplied == [(28, 14)]  # the other has no zeros
    expected = np.maximum(3 * np.hstack([rows.logits["a"], rows.logits["c"]]) + np.arange(14), 0).sum(axis=1)
    np.testing.assert_allclose(whole[:, 0], expected, rtol=1e-5)


def test_cross_fitting_puts_each_row_in_its_place():
    rows = draw_rows()

    received = cross_fit(rows, lambda learnt: lambda logits: logits["a"] + len(learnt.labels))

    learnt = np.array([ROWS - (rows.cuts == number).sum() for number in range(3)])
    np.testing.assert_allclose(received, rows.logits["a"] + learnt[rows.cuts][:, np.newaxis])


def test_a_fit_makes_no_second_array_of_all_rows_and_classes():
    """Members' log probabilities, of which it has one array, are what it needs; each further one would be 16 MB."""
    rows = draw_rows(5000, 400)
    one = 5000 * 400 * 8

    tracemalloc.start()
    fitted = fit_penalised(rows, 10, 0.0, 0.3, seed=0)
    fit_peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    trace_fit(fitted, rows, rows.take(rows.labels < 40).logits, rows.labels[rows.labels < 40])
    trace_peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    blocks = 6 * 2**23
    assert fit_peak < (2 + 1) * one + blocks  # of two members, and for a while one of them twice
    assert trace_peak < (2 + 1) * 1.2 * one + blocks


def build_names(rows):
    members = {name: make_predictions()._replace(test=logits[:10]) for name, logits in rows.logits.items()}
    return [baseline.name for baseline in build_baselines(members, rows, [f"class {k}" for k in range(CLASSES)])]


def test_logistic_regression_is_left_out_where_it_would_take_hours(monkeypatch, capsys):
    rows = draw_rows()
    assert "logistic" in build_names(rows)
    assert not capsys.readouterr().out

    monkeypatch.setattr("stacker.ensembles.baselines.MOST_VALUES", ROWS * 2 * CLASSES * CLASSES - 1)

    assert build_names(rows) == ["mean", "geometric_mean", "weights", "greedy", "most_frequent"]
    assert "the baseline `logistic` is left out: 5,194 logits times classes" in capsys.readouterr().out
