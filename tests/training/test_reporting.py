"""What a fit says, and the held-out predictions of a stand-in trainer."""

from types import SimpleNamespace

import numpy as np
import pytest

from stacker.artifacts.curves import Epoch
from stacker.splits.held_out import Fold, Plan
from stacker.training.fitted_member import FittedMember
from stacker.training.held_out_predictions import predict_held_out
from stacker.training.reporting import describe_folds, report_fit, report_held_out

TRAIN = np.array([[0.1], [0.2], [0.3], [0.4], [0.5]], np.float32)


@pytest.mark.parametrize(
    ("kept", "told"),
    [
        (1, "kept epoch 2 (head): validation loss 0.4500, accuracy 0.7500"),
        (2, "kept epoch 3 (fine_tune): validation l"),
    ],
)
def test_report_fit_tells_the_epoch_whose_weights_are_kept(kept, told, capsys):
    history = [
        Epoch(1, "head", 0.5, 0.9, 0.6, 0.8, 0.1),
        Epoch(2, "head", 0.7, 0.5, 0.75, 0.45, 0.1),
        Epoch(1, "fine_tune", 0.9, 0.2, 0.9, 0.7, 0.1),
    ]

    report_fit("pet", 42, FittedMember(None, history=tuple(history), kept=kept), 12.34)

    assert capsys.readouterr().out.startswith(f"pet: 42 rows, 3 epochs in 12.3 s; {told}")


@pytest.mark.parametrize(("learn", "cuts"), [([0, 2, 3], [1, 0]), ([0, 1, 2, 3, 4], [-1, -1])])
def test_held_out_predictions_of_the_final_fit_keep_the_cuts_of_the_plan(learn, cuts):
    plan = Plan([], Fold(np.array(learn), np.array([1, 4])), np.array(cuts))

    held = predict_held_out(SimpleNamespace(runs_network=True), plan, TRAIN, 1.0)

    np.testing.assert_array_equal(held["held_out"], TRAIN[[1, 4]])
    assert held["held_out_rows"].tolist() == [1, 4]
    assert held["held_out_fold"].tolist() == cuts


@pytest.mark.parametrize("runs_network", [True, False])
def test_out_of_fold_predictions_come_from_the_fit_that_did_not_learn_the_row(runs_network, capsys, read_progress):
    folds = [([1, 2, 3], [0, 4]), ([0, 2, 4], [1, 3]), ([0, 1, 3, 4], [2])]
    final = Fold(np.arange(5), np.empty(0, np.int64))
    plan = Plan([Fold(*map(np.array, fold)) for fold in folds], final, np.array([0, 1, 2, 1, 0]))

    def predict(fitted, request):
        assert request[0] == "train"
        return [(100 * fitted + request[1])[:, np.newaxis]]

    places = []

    def fit(rows):
        places.append(trainer.place)
        return np.sum(rows)

    ahead: list[list[np.ndarray]] = []
    trainer = SimpleNamespace(
        label="pet", runs_network=runs_network, checkpoints=None, fit=fit, fit_ahead=ahead.append, predict=predict
    )

    held = predict_held_out(trainer, plan, TRAIN, 90.0)

    assert [[rows.tolist() for rows in learnt] for learnt in ahead] == [[fold.learn.tolist() for fold in plan.folds]]
    assert held["held_out"][:, 0].tolist() == [600, 601, 802, 603, 604]
    assert held["held_out_rows"].tolist() == [0, 1, 2, 3, 4]
    assert held["held_out_fold"].tolist() == [0, 1, 2, 1, 0]
    told, shown = capsys.readouterr()
    assert told.startswith("pet: 3 more fits for out-of-fold predictions, about 3.0 minutes") == runs_network
    folds = [line.partition(" in ")[0] for line in told.splitlines()[1:]]
    assert folds == ([f"pet: fold {number} of 3" for number in (1, 2, 3)] if runs_network else [])
    fits = [f"pet: out-of-fold predictions: {number} of 3 fits" for number in (1, 2, 3)]
    assert [line.partition(" after ")[0] for line in shown.splitlines()] == (
        [] if runs_network else fits
    )  # a network's fits each show their own
    assert places == ["fold 1 of 3", "fold 2 of 3", "fold 3 of 3"]


def test_what_is_said_of_out_of_fold_predictions(capsys):
    report_held_out("pet", 0, 1.0)
    assert (describe_folds(0), capsys.readouterr().out) == ("", "")
    report_held_out("pet", 5, 12.34)
    assert capsys.readouterr().out == "pet: out-of-fold predictions by 5 more fits in 12.3 s\n"
    assert describe_folds(5) == ", and 5 times from all but a fold of them, to predict that fold"
