"""Fitting with all members, over the cuts, and without each member in turn, by both kinds of fit."""

import numpy as np
import pytest
from helpers import ADAM

from stacker.ensembles.held_out_rows import HeldOutRows
from stacker.ensembles.meta_fitting import Watched, fit_meta_model, fit_without_each
from stacker.ensembles.meta_weights import apply_meta_weights, divide_logits
from stacker.ensembles.temperature import find_temperature
from stacker.settings.meta_models import AdamMetaModel, PenalisedMetaModel

LABELS = np.arange(40) % 2
FITS = [PenalisedMetaModel(hidden=[4]), AdamMetaModel(**ADAM)]


def make_rows(members="cab", seed=0):
    generator = np.random.default_rng(seed)
    logits = {m: (generator.normal(size=(40, 1)) + 1.5 * LABELS[:, None] - 0.7).astype(np.float32) for m in members}
    return HeldOutRows(logits, LABELS, np.arange(40), np.arange(40) % 4, is_balanced=False)


def make_watched(members="cab"):
    return Watched(make_rows(members, seed=9).logits, LABELS)


def check_equal(first, second):
    assert (first.members, first.takes_logits) == (second.members, second.takes_logits)
    for (kernel, bias), (other_kernel, other_bias) in zip(first.layers, second.layers, strict=True):
        assert np.array_equal(kernel, other_kernel)
        assert np.array_equal(bias, other_bias)


@pytest.mark.parametrize("settings", FITS, ids=lambda settings: settings.fit)
def test_held_out_rows_are_predicted_by_fits_on_the_other_cuts(settings):
    rows = make_rows()._replace(cuts=np.arange(40) // 2 % 2)

    fitted = fit_meta_model(rows, make_watched(), 2, settings)

    inside = rows.cuts == 1
    part = rows.take(~inside)._replace(cuts=np.full(20, -1))  # leaked: no cross-fitting within
    if settings.fit == "penalised":
        settings = PenalisedMetaModel(hidden=[4], spread=fitted.spread)
    alone = fit_meta_model(part, make_watched(), 2, settings)
    expected = apply_meta_weights(alone.weights, rows.take(inside).logits)
    np.testing.assert_allclose(fitted.held_out[inside], expected, atol=1e-5)
    assert fitted.held_out.dtype == np.float32
    assert alone.held_out.shape == (0, 1)


def test_a_temperature_comes_from_the_cross_fitted_logits_and_is_folded_in(capsys):
    rows, watched, settings = make_rows(), make_watched(), FITS[0]
    plain = fit_meta_model(rows, watched, 2, settings)
    temperature = find_temperature(plain.held_out, rows.labels, rows.weights)

    calibrated = fit_meta_model(rows, watched, 2, settings.model_copy(update={"calibration": "temperature"}))

    check_equal(calibrated.weights, divide_logits(plain.weights, temperature))
    assert f"temperature {temperature:.3f}" in capsys.readouterr().out
    assert not np.array_equal(calibrated.held_out, plain.held_out)


@pytest.mark.parametrize("settings", FITS, ids=lambda settings: settings.fit)
def test_a_balanced_fit_calls_the_rare_class_more_often(settings):
    labels = (np.arange(40) < 4).astype(int)
    logits = {"a": (np.random.default_rng(0).normal(size=(40, 1)) + labels[:, None] * 1.5 - 2).astype(np.float32)}
    rows = HeldOutRows(logits, labels, np.arange(40), np.full(40, -1), is_balanced=False)  # a fit on all rows alone
    if settings.fit == "adam":
        settings = AdamMetaModel(**{**ADAM, "epochs": 40})

    means = []
    for is_balanced in (False, True):
        weights = fit_meta_model(rows._replace(is_balanced=is_balanced), Watched(logits, labels), 2, settings).weights
        means.append(apply_meta_weights(weights, logits).mean())

    assert means[1] > means[0] + 0.5


def test_without_each_member_is_what_a_pipeline_without_it_would_fit():
    rows = make_rows()

    without = fit_without_each(rows, FITS[0], spread=0.6)

    settings = PenalisedMetaModel(hidden=[4], spread=0.6)
    whole = fit_meta_model(rows, make_watched(), 2, settings)
    alone = fit_meta_model(rows.without("a"), make_watched("cb"), 2, settings)
    assert {removed: weights.members for removed, weights in without.items()} == {
        "": ["c", "a", "b"],
        "c": ["a", "b"],
        "a": ["c", "b"],
        "b": ["c", "a"],
    }
    check_equal(without[""], whole.weights)
    check_equal(without["a"], alone.weights)


def test_what_a_member_adds_knows_no_seed_whatever_the_fit_of_the_ensemble():
    first, second = (fit_without_each(make_rows(), AdamMetaModel(**{**ADAM, "seed": seed}), 0.0) for seed in (0, 7))

    assert first.keys() == second.keys()
    for removed, weights in first.items():
        check_equal(weights, second[removed])
        assert weights.takes_logits


def test_a_fit_is_equal_when_repeated():
    first, second = (fit_meta_model(make_rows(), make_watched(), 2, FITS[0]) for _ in range(2))

    check_equal(first.weights, second.weights)
    assert np.array_equal(first.held_out, second.held_out)
    assert first.history == second.history
