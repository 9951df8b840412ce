"""What a fit says, and the held-out predictions of a stand-in trainer."""

from types import SimpleNamespace

import numpy as np
import pytest

from stacker.artifacts.curves import Epoch
from stacker.splits.held_out import Fold, Plan
from stacker.training.held_out_predictions import predict_held_out
from stacker.training.reporting import report_fit
from stacker.training.trainer import FittedMember

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
def test_out_of_fold_predictions_come_from_the_fit_that_did_not_learn_the_row(runs_network, capsys):
    folds = [([1, 2, 3], [0, 4]), ([0, 2, 4], [1, 3]), ([0, 1, 3, 4], [2])]
    final = Fold(np.arange(5), np.empty(0, np.int64))
    plan = Plan([Fold(*map(np.array, fold)) for fold in folds], final, np.array([0, 1, 2, 1, 0]))

    def predict(fitted, request):
        assert request[0] == "train"
        return [(100 * fitted + request[1])[:, np.newaxis]]

    trainer = SimpleNamespace(label="pet", runs_network=runs_network, fit=np.sum, predict=predict)

    held = predict_held_out(trainer, plan, TRAIN, 90.0)

    assert held["held_out"][:, 0].tolist() == [600, 601, 802, 603, 604]
    assert held["held_out_rows"].tolist() == [0, 1, 2, 3, 4]
    assert held["held_out_fold"].tolist() == [0, 1, 2, 1, 0]
    told = capsys.readouterr().out
    assert told.startswith("pet: 3 more fits for out-of-fold predictions, about 3.0 minutes") == runs_network
    assert bool(told) == runs_network
