"""The meta-models that lack a member: what NumPy makes of them is what Keras makes of them."""

import keras
import numpy as np
import pytest
from stacker.settings.schema import MetaModel

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import Predictions
from stacker.ensembles.leave_one_out import MetaWeights, apply_meta_weights, load_leave_one_out, save_leave_one_out
from stacker.ensembles.meta_model import build_meta_model, extract_weights
from stacker.ensembles.ordering import order_members
from stages import stack


def make_weights(members):
    generator = np.random.default_rng(len(members))
    shapes = ((len(members), 3), (3, 1))
    return MetaWeights(members, [(generator.normal(size=s).astype("f4"), np.zeros(s[1], "f4")) for s in shapes])


@pytest.mark.parametrize("hidden", [[], [5], [7, 4]])
@pytest.mark.parametrize(("classes", "width"), [(2, 1), (2, 2), (4, 4)])
@pytest.mark.parametrize("members", [["b", "a"], ["alone"]])
def test_numpy_gives_what_keras_gives(hidden, classes, width, members):
    model = build_meta_model(dict.fromkeys(members, width), hidden, classes, seed=3)
    generator = np.random.default_rng(0)
    for layer in model.layers:  # biases are 0 at first, and would prove nothing
        layer.set_weights([generator.normal(size=values.shape) for values in layer.get_weights()])
    predictions = {member: generator.random((20, width), dtype=np.float32) for member in members}

    received = apply_meta_weights(extract_weights(model), predictions)

    expected = keras.ops.convert_to_numpy(model([predictions[member] for member in members]))
    assert received.shape == expected.shape
    assert received == pytest.approx(expected, abs=1e-6)


def test_weights_come_back_from_the_file_and_equal_ones_make_equal_files(tmp_path):
    without = {"a": make_weights(["c", "b"]), "b": make_weights(["c", "a"]), "c": make_weights(["a", "b"])}
    save_leave_one_out(without, tmp_path / "one.npz")
    save_leave_one_out(dict(reversed(without.items())), tmp_path / "two.npz")

    loaded = load_leave_one_out(["a", "b", "c"], tmp_path / "one.npz")

    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert {removed: weights.members for removed, weights in loaded.items()} == {
        "a": ["c", "b"],
        "b": ["c", "a"],
        "c": ["a", "b"],
    }
    for removed, weights in loaded.items():
        for (kernel, bias), (saved_kernel, saved_bias) in zip(weights.layers, without[removed].layers, strict=True):
            assert np.array_equal(kernel, saved_kernel)
            assert np.array_equal(bias, saved_bias)


@pytest.mark.parametrize("members", [["a", "b", "c"], ["a"], ["a", "d"]])
def test_meta_models_of_other_members_are_refused(tmp_path, members):
    save_leave_one_out({"a": make_weights(["b"]), "b": make_weights(["a"])}, tmp_path / "old.npz")

    with pytest.raises(PipelineError, match=r"is of the members a, b, params\.yaml has .* run `dvc repro stack`"):
        load_leave_one_out(members, tmp_path / "old.npz")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PipelineError, match=r"none\.npz is missing: run `dvc repro stack`"):
        load_leave_one_out(["a", "b"], tmp_path / "none.npz")


def make_members(monkeypatch, count):
    """`count` members that know a little, on labels that `stack` will find."""
    generator = np.random.default_rng(0)
    labels = np.arange(40) % 2
    monkeypatch.setattr(stack, "load_labels", lambda split: labels)
    monkeypatch.setattr(stack, "load_classes", lambda: ["cat", "dog"])
    members = {}
    for label in "abc"[:count]:
        held = np.clip(labels[:, np.newaxis] * 0.4 + generator.random((40, 1)) * 0.6, 0, 1).astype(np.float32)
        members[label] = Predictions(held, held, held, held, np.arange(40), np.zeros(40, int), held[:0])
    return {label: members[label] for label in order_members({k: m.held_out for k, m in members.items()})}


@pytest.mark.parametrize("calibration", [None, "temperature"])
def test_a_refit_is_what_a_pipeline_without_the_member_would_fit(monkeypatch, calibration):
    members = make_members(monkeypatch, 3)
    settings = MetaModel(hidden=[4], epochs=2, batch_size=8, learning_rate=0.01, calibration=calibration, seed=0)
    without = stack.fit_without_each(members, settings)
    rest = {label: member for label, member in members.items() if label != "b"}

    alone = extract_weights(stack.fit_meta_model(rest, settings)[0])

    assert alone.members == without["b"].members == [label for label in members if label != "b"]
    for (kernel, bias), (other_kernel, other_bias) in zip(alone.layers, without["b"].layers, strict=True):
        assert np.array_equal(kernel, other_kernel)
        assert np.array_equal(bias, other_bias)


def test_with_two_members_the_other_one_stays(monkeypatch):
    settings = MetaModel(hidden=[4], epochs=1, batch_size=8, learning_rate=0.01, calibration=None, seed=0)

    without = stack.fit_without_each(make_members(monkeypatch, 2), settings)

    assert {removed: weights.members for removed, weights in without.items()} == {"a": ["b"], "b": ["a"]}
    assert without["a"].layers[0][0].shape == (1, 4)


def test_the_meta_model_does_not_depend_on_the_order_or_the_labels_of_members(monkeypatch):
    members = make_members(monkeypatch, 3)
    settings = MetaModel(hidden=[4], epochs=2, batch_size=8, learning_rate=0.01, calibration=None, seed=0)
    renamed = {f"{'xzy'['abc'.index(label)]}_{label}": member for label, member in reversed(members.items())}
    order = order_members({label: member.held_out for label, member in renamed.items()})

    weights = extract_weights(stack.fit_meta_model(members, settings)[0])
    others = extract_weights(stack.fit_meta_model({label: renamed[label] for label in order}, settings)[0])

    assert [label[2:] for label in others.members] == weights.members
    for (kernel, bias), (other_kernel, other_bias) in zip(weights.layers, others.layers, strict=True):
        assert np.array_equal(kernel, other_kernel)
        assert np.array_equal(bias, other_bias)
