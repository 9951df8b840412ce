import numpy as np
import pytest
from scipy.special import log_softmax
from sklearn.metrics import log_loss

from stacker.artifacts.logits import spread_classes
from stacker.ensembles.held_out_rows import HeldOutRows
from stacker.ensembles.meta_fitting import Watched, fit_meta_model
from stacker.ensembles.temperature import calibrate_across_cuts, find_temperature
from stacker.scoring.scores import compute_calibration_error
from stacker.settings.meta_models import PenalisedMetaModel


def draw_logits(n, classes, sureness, seed=0):
    """Labels drawn by honest logits, and these logits made surer than they may be."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, classes)) * 2
    honest = np.exp(log_softmax(logits, axis=1))
    labels = np.array([generator.choice(classes, p=row) for row in honest])
    return labels, (sureness * (logits[:, 1:] - logits[:, :1] if classes == 2 else logits)).astype(np.float32)


@pytest.mark.parametrize("classes", [2, 3])
def test_it_finds_how_over_confident_a_model_is(classes):
    labels, certain = draw_logits(4000, classes, 3.0)

    temperature = find_temperature(certain, labels, np.ones(4000))

    assert temperature == pytest.approx(3, rel=0.1)
    before, after = (log_loss(labels, spread_classes(values)) for values in (certain, certain / temperature))
    assert after < before - 0.1


def test_few_rows_leave_it_near_one_and_separable_ones_do_not_make_it_vanish():
    few, logits = draw_logits(4, 2, 3.0)
    separable = np.where(np.arange(100) < 50, -8.0, 8.0)[:, np.newaxis]

    assert 1 < find_temperature(logits, few, np.ones(4)) < 2
    assert find_temperature(separable, (np.arange(100) >= 50).astype(int), np.ones(100)) > 0.9


def test_weights_count_as_that_many_rows():
    labels, logits = draw_logits(60, 3, 2.0)
    twice = np.where(np.arange(60) < 20, 2.0, 1.0)
    repeated = np.concatenate([np.arange(60), np.arange(20)])

    received = find_temperature(logits, labels, twice)

    assert received == pytest.approx(find_temperature(logits[repeated], labels[repeated], np.ones(80)), rel=1e-6)


def test_it_stays_finite_when_a_model_is_certain_and_wrong():
    assert np.isfinite(find_temperature(np.array([[1e4], [-1e4], [1e4]]), np.array([0, 1, 1]), np.ones(3)))


def test_every_cut_is_divided_by_what_the_others_speak_for():
    labels, logits = draw_logits(90, 2, 2.0)
    cuts = np.arange(90) % 3
    rows = HeldOutRows({}, labels, np.arange(90), cuts, is_balanced=False)

    received = calibrate_across_cuts(logits, rows)

    for cut in range(3):
        others = cuts != cut
        temperature = find_temperature(logits[others], labels[others], np.ones(60))
        np.testing.assert_allclose(received[~others], logits[~others] / temperature, rtol=1e-5)


def simulate(n, n_fresh, seed, knowledge):
    """Held-out rows and fresh rows of three members; what a member knows is spoilt by noise of its own."""
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, 2, n + n_fresh)
    signal = np.where(labels == 1, 1.0, -1.0)[:, np.newaxis] * knowledge
    members = {label: (signal + generator.normal(0, 2, signal.shape)).astype(np.float32) * 3 for label in "abc"}
    rows = np.arange(n)
    held_out = HeldOutRows({m: v[:n] for m, v in members.items()}, labels[:n], rows, rows % 5, is_balanced=False)
    return held_out, {member: values[n:] for member, values in members.items()}, labels[n:]


@pytest.mark.parametrize(("n", "knowledge"), [(60, 1.0), (300, 1.0), (100, 8.0)])
def test_calibration_does_not_harm_on_fresh_rows(n, knowledge):
    """Three draws of few rows, more rows, and rows that are separable: log loss and calibration error on 4,000."""
    from stacker.ensembles.meta_weights import apply_meta_weights

    losses, errors = [], []
    for seed in range(3):
        held_out, fresh, labels = simulate(n, 4000, seed, knowledge)
        watched = Watched(fresh, labels)
        row = []
        for calibration in (None, "temperature"):
            weights = fit_meta_model(held_out, watched, 2, PenalisedMetaModel(calibration=calibration)).weights
            probabilities = spread_classes(apply_meta_weights(weights, fresh))
            row.append((log_loss(labels, probabilities), compute_calibration_error(labels, probabilities)))
        losses.append(row[1][0] - row[0][0])
        errors.append(row[1][1] - row[0][1])

    assert np.mean(losses) < 0.002
    assert np.mean(errors) < 0.002
