"""Fitting with all members, and without each in turn."""

import numpy as np
import pytest

from stacker.artifacts.predictions import Predictions
from stacker.ensembles.meta_fitting import TruthOfRows, fit_meta_model, fit_without_each
from stacker.ensembles.meta_model import extract_weights
from stacker.ensembles.ordering import order_members
from stacker.settings.meta_models import MetaModel

LABELS = np.arange(40) % 2
TRUTH = TruthOfRows(LABELS, LABELS, 2)


def make_members(count):
    """`count` members that know a little, in the order of the meta-model's inputs."""
    generator = np.random.default_rng(0)
    members = {}
    for label in "abc"[:count]:
        held = np.clip(LABELS[:, np.newaxis] * 0.4 + generator.random((40, 1)) * 0.6, 0, 1).astype(np.float32)
        members[label] = Predictions(held, held, held, held, np.arange(40), np.zeros(40, int), held[:0])
    return {label: members[label] for label in order_members(members)}


@pytest.mark.parametrize("calibration", [None, "temperature"])
def test_a_refit_is_what_a_pipeline_without_the_member_would_fit(calibration):
    members = make_members(3)
    settings = MetaModel(hidden=[4], epochs=2, batch_size=8, learning_rate=0.01, calibration=calibration, seed=0)
    without = fit_without_each(members, TRUTH, settings)
    rest = {label: member for label, member in members.items() if label != "b"}

    alone = extract_weights(fit_meta_model(rest, TRUTH, settings)[0])

    assert alone.members == without["b"].members == [label for label in members if label != "b"]
    for (kernel, bias), (other_kernel, other_bias) in zip(alone.layers, without["b"].layers, strict=True):
        assert np.array_equal(kernel, other_kernel)
        assert np.array_equal(bias, other_bias)


def test_with_two_members_the_other_one_stays():
    settings = MetaModel(hidden=[4], epochs=1, batch_size=8, learning_rate=0.01, calibration=None, seed=0)

    without = fit_without_each(make_members(2), TRUTH, settings)

    assert {removed: weights.members for removed, weights in without.items()} == {"a": ["b"], "b": ["a"]}
    assert without["a"].layers[0][0].shape == (1, 4)


def test_the_meta_model_does_not_depend_on_the_order_or_the_labels_of_members():
    members = make_members(3)
    settings = MetaModel(hidden=[4], epochs=2, batch_size=8, learning_rate=0.01, calibration=None, seed=0)
    renamed = {f"{'xzy'['abc'.index(label)]}_{label}": member for label, member in reversed(members.items())}
    order = order_members(renamed)

    weights = extract_weights(fit_meta_model(members, TRUTH, settings)[0])
    others = extract_weights(fit_meta_model({label: renamed[label] for label in order}, TRUTH, settings)[0])

    assert [label[2:] for label in others.members] == weights.members
    for (kernel, bias), (other_kernel, other_bias) in zip(weights.layers, others.layers, strict=True):
        assert np.array_equal(kernel, other_kernel)
        assert np.array_equal(bias, other_bias)
