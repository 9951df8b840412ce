import numpy as np
import pytest

from stacker.ensembles import spread as spread_module
from stacker.ensembles.held_out_rows import HeldOutRows
from stacker.ensembles.penalised import compute_losses, fit_penalised
from stacker.ensembles.penalised_model import predict_logits
from stacker.ensembles.spread import choose_spread, list_spreads, pick_spread
from stacker.settings.meta_models import PenalisedMetaModel

SETTINGS = PenalisedMetaModel()


def make_rows(is_bent, n=400):
    generator = np.random.default_rng(0)
    first, second = generator.normal(0, 3, (2, n, 1))
    straight = expit_labels(first[:, 0] + second[:, 0], generator)
    labels = ((first[:, 0] > 0) != (second[:, 0] > 0)).astype(int) if is_bent else straight
    rows = np.arange(n)
    return HeldOutRows({"a": first, "b": second}, labels, rows, rows % 4, is_balanced=False)


def expit_labels(logits, generator):
    return (generator.random(len(logits)) < 1 / (1 + np.exp(-logits))).astype(int)


@pytest.mark.parametrize("is_bent", [True, False])
def test_units_are_taken_where_they_pay_and_only_there(is_bent):
    choice = choose_spread(make_rows(is_bent), SETTINGS)

    assert (choice.spread > 0) == is_bent


def test_every_row_is_predicted_by_a_fit_that_has_not_learnt_its_cut():
    rows = make_rows(is_bent=False)

    choice = choose_spread(rows, PenalisedMetaModel(hidden=[3], spread=0.5))

    for cut in range(4):
        inside = rows.cuts == cut
        fit = fit_penalised(rows.take(~inside), 3, 0.5, 0.3, seed=0)
        np.testing.assert_allclose(choice.held_out[inside], predict_logits(fit, rows.take(inside).logits))
    assert choice.spread == 0.5


def test_a_cut_is_predicted_at_the_spread_that_the_other_cuts_speak_for(monkeypatch):
    rows = make_rows(is_bent=True, n=80)
    asked = []

    def pick(losses):
        asked.append(losses.shape[1])
        return len(asked) - 1  # another spread for every cut, and the first one for all

    monkeypatch.setattr(spread_module, "pick_spread", lambda losses: pick(losses) % 4)

    choice = choose_spread(rows, SETTINGS)

    assert asked == [60, 60, 60, 60, 80]  # without the cut itself; then all
    for cut, spread in enumerate(spread_module.SPREADS):
        inside = rows.cuts == cut
        fit = fit_penalised(rows.take(~inside), 10, spread, 0.3, seed=0)
        np.testing.assert_allclose(choice.held_out[inside], predict_logits(fit, rows.take(inside).logits))


def test_the_first_spread_stays_unless_another_gains_more_than_a_standard_error():
    zero = np.array([1.0, 1.2, 0.8, 1.4, 0.6])
    clearly, hardly = zero - 0.1, zero - np.array([0.9, -0.3, 0.1, -0.5, 0.3])  # means 0.1; deviations 0 and 0.55

    assert pick_spread(np.stack([zero, zero + 0.1, clearly])) == 2
    assert pick_spread(np.stack([zero, hardly])) == 0
    assert pick_spread(np.stack([zero, zero - 5e-6])) == 0  # of no use, and perhaps a CPU's rounding
    assert pick_spread(np.stack([zero])) == 0


def test_gains_count_by_the_weights_of_the_rows():
    rows = make_rows(is_bent=False)._replace(is_balanced=True)
    choice = choose_spread(rows, PenalisedMetaModel(hidden=[]))

    losses = compute_losses(choice.held_out, rows.labels)[0]
    assert choice.spread == 0
    assert np.isfinite(rows.weights @ losses)


def test_what_is_tried(monkeypatch, capsys):
    rows = make_rows(is_bent=False, n=50)

    assert list_spreads(rows, SETTINGS) == (0.0, 0.3, 0.6, 1.2)
    assert list_spreads(rows, PenalisedMetaModel(spread=0.4)) == (0.4,)
    assert list_spreads(rows, PenalisedMetaModel(hidden=[], spread=0.4)) == (0.0,)
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(spread_module, "MOST_VALUES", 99)
    assert list_spreads(rows, SETTINGS) == (0.0,)
    assert "no hidden units: 100 logits to learn from are more than 99" in capsys.readouterr().out
