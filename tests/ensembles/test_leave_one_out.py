"""The meta-models that lack a member: what NumPy makes of them is what Keras makes of them."""

import keras
import numpy as np
import pytest

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import LEAVE_ONE_OUT
from stacker.ensembles.leave_one_out import MetaWeights, apply_meta_weights, load_leave_one_out, save_leave_one_out
from stacker.ensembles.meta_model import build_meta_model, extract_weights


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


def test_weights_come_back_from_the_file_and_equal_ones_make_equal_files(workspace):
    without = {"a": make_weights(["c", "b"]), "b": make_weights(["c", "a"]), "c": make_weights(["a", "b"])}
    save_leave_one_out("one", without)
    save_leave_one_out("two", dict(reversed(without.items())))

    loaded = load_leave_one_out("one", ["a", "b", "c"])

    assert (LEAVE_ONE_OUT / "one.npz").read_bytes() == (LEAVE_ONE_OUT / "two.npz").read_bytes()
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
def test_meta_models_of_other_members_are_refused(workspace, members):
    save_leave_one_out("old", {"a": make_weights(["b"]), "b": make_weights(["a"])})

    words = rf"is of the members a, b, params\.yaml has {', '.join(members)}: run `dvc repro stack@old`"
    with pytest.raises(PipelineError, match=words):
        load_leave_one_out("old", members)


def test_a_missing_file_is_named(workspace):
    with pytest.raises(PipelineError, match=r"leave_one_out/none\.npz is missing: run `dvc repro stack@none`"):
        load_leave_one_out("none", ["a", "b"])


def test_what_only_pickle_could_write_is_refused(workspace):
    without = {"a": make_weights(["b"])._replace(members=[None, "b"])}

    with pytest.raises(ValueError, match="allow_pickle=False"):
        save_leave_one_out("one", without)

    assert not (LEAVE_ONE_OUT / "one.npz").exists()
