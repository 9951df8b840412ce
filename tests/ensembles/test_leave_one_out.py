"""The meta-models that lack a member, on disk."""

import numpy as np
import pytest

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import LEAVE_ONE_OUT
from stacker.ensembles.leave_one_out import load_leave_one_out, save_leave_one_out
from stacker.ensembles.meta_weights import MetaWeights


def make_weights(members):
    generator = np.random.default_rng(len(members))
    shapes = ((len(members), 3), (3, 1))
    return MetaWeights(members, True, [(generator.normal(size=s).astype("f4"), np.zeros(s[1], "f4")) for s in shapes])


def test_weights_come_back_from_the_file_and_equal_ones_make_equal_files(workspace):
    without = {removed: make_weights([label for label in "cab" if label != removed]) for removed in ("", "a", "b", "c")}
    save_leave_one_out("one", without)
    save_leave_one_out("two", dict(reversed(without.items())))

    loaded = load_leave_one_out("one", ["a", "b", "c"])

    assert (LEAVE_ONE_OUT / "one.npz").read_bytes() == (LEAVE_ONE_OUT / "two.npz").read_bytes()
    assert {removed: weights.members for removed, weights in loaded.items()} == {
        "": ["c", "a", "b"],
        "a": ["c", "b"],
        "b": ["c", "a"],
        "c": ["a", "b"],
    }
    for removed, weights in loaded.items():
        assert weights.takes_logits
        for (kernel, bias), (saved_kernel, saved_bias) in zip(weights.layers, without[removed].layers, strict=True):
            assert np.array_equal(kernel, saved_kernel)
            assert np.array_equal(bias, saved_bias)


@pytest.mark.parametrize("members", [["a", "b", "c"], ["a"], ["a", "d"]])
def test_meta_models_of_other_members_are_refused(workspace, members):
    save_leave_one_out("old", {"": make_weights(["a", "b"]), "a": make_weights(["b"]), "b": make_weights(["a"])})

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
