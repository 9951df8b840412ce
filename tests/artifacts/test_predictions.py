import numpy as np
import pytest
from helpers import make_predictions

from stacker.artifacts.arrays import SPLITS
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.predictions import (
    EnsemblePredictions,
    Predictions,
    load_all_predictions,
    load_ensemble_predictions,
    load_predictions,
    save_ensemble_predictions,
    save_predictions,
)


def test_predictions_come_back_as_they_were_saved(workspace):
    saved = make_predictions()

    save_predictions("first", saved)

    loaded = load_predictions("first")
    for name in Predictions._fields:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(saved, name))
        assert getattr(loaded, name).dtype == getattr(saved, name).dtype


def test_save_predictions_writes_the_same_bytes_again(workspace):
    contents = []
    for _ in range(2):
        save_predictions("first", make_predictions())
        contents.append((workspace / "data/predictions/members/first.npz").read_bytes())

    assert contents[0] == contents[1]


def test_load_predictions_says_which_stage_to_run_when_there_are_none(workspace):
    with pytest.raises(PipelineError, match=r"second\.npz is missing: run `dvc repro train@second`"):
        load_predictions("second")


@pytest.mark.parametrize(
    ("rows", "folds", "fit_on"), [(2, [0, 1], "oof"), (1, [0], "holdout"), (2, [-1, -1], "train"), (1, [-1], "train")]
)
def test_predictions_tell_what_they_were_held_out_for(rows, folds, fit_on):
    predictions = make_predictions(held_out_rows=np.arange(rows), held_out_fold=np.array(folds))

    assert predictions.fit_on == fit_on


def make_ensemble_predictions(**changes) -> EnsemblePredictions:
    parts = {split: np.full((count, 1), count / 10, np.float32) for count, split in enumerate(SPLITS, start=2)}
    held_out = {"held_out": np.full((3, 1), 0.9, np.float32), "held_out_rows": np.array([4, 0, 2])}
    facts = {"fit_on": np.array("oof"), "checked_photos": np.array(7)}
    return EnsemblePredictions(**{**parts, **held_out, **facts, **changes})


def test_predictions_of_an_ensemble_come_back_as_they_were_saved(workspace):
    saved = make_ensemble_predictions()

    save_ensemble_predictions("boss", saved)

    assert (workspace / "data/predictions/ensembles/boss.npz").is_file()
    loaded = load_ensemble_predictions("boss")
    for name in EnsemblePredictions._fields:
        np.testing.assert_array_equal(getattr(loaded, name), getattr(saved, name))
    assert (str(loaded.fit_on), int(loaded.checked_photos)) == ("oof", 7)


def test_a_file_of_other_arrays_is_refused(workspace):
    save_ensemble_predictions("boss", make_ensemble_predictions())
    path = workspace / "data/predictions/members/first.npz"
    path.parent.mkdir()
    (workspace / "data/predictions/ensembles/boss.npz").rename(path)

    with pytest.raises(
        PipelineError,
        match=r"first\.npz holds checked_photos, .*, expected .*is_balanced.*train@first`",
    ):
        load_predictions("first")


def test_a_members_file_is_no_ensembles(workspace):
    save_predictions("first", make_predictions())
    path = workspace / "data/predictions/ensembles/boss.npz"
    path.parent.mkdir()
    (workspace / "data/predictions/members/first.npz").rename(path)

    words = r"^data/predictions/ensembles/boss\.npz holds .*held_out_fold, .*, expected checked_photos, .*stack@boss`$"
    with pytest.raises(PipelineError, match=words):
        load_ensemble_predictions("boss")


def test_a_file_of_no_arrays_holds_nothing(workspace):
    path = workspace / "data/predictions/members/first.npz"
    path.parent.mkdir(parents=True)
    np.savez(path)

    with pytest.raises(PipelineError, match=r"first\.npz holds nothing, expected file_bytes, "):
        load_predictions("first")


def test_what_only_pickle_could_write_is_refused_and_the_old_file_stays(workspace):
    save_predictions("first", make_predictions())

    with pytest.raises(ValueError, match="allow_pickle=False"):
        save_predictions("first", make_predictions(held_out_rows=np.array([None, 1])))

    assert load_predictions("first").held_out_rows.tolist() == [0, 1]


def test_all_predictions_may_be_those_of_one_member(workspace):
    save_predictions("first", make_predictions())

    assert list(load_all_predictions(["first"])) == ["first"]


def test_all_predictions_are_of_the_same_rows(workspace):
    save_predictions("first", make_predictions())
    save_predictions("second", make_predictions(test=np.array([[0.75], [0.125]], np.float32)))

    loaded = load_all_predictions(["second", "first"])
    assert {label: member.test[0, 0] for label, member in loaded.items()} == {
        "second": np.float32(0.75),
        "first": np.float32(-1.1),
    }

    save_predictions("second", make_predictions(held_out_rows=np.array([1, 0])))
    with pytest.raises(PipelineError, match="the members' held-out rows differ: run `dvc repro`"):
        load_all_predictions(["first", "second"])


@pytest.mark.parametrize(("folds", "leaked"), [([0, 1], False), ([0, -1], True), ([-1, -1], True)])
def test_predictions_tell_whether_they_are_leaked(folds, leaked):
    assert make_predictions(held_out_fold=np.array(folds)).is_leaked is leaked
