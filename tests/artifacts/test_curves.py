import pytest

from stacker.artifacts.curves import CURVES, Epoch, read_history, write_history
from stacker.artifacts.errors import PipelineError

HEADER = "epoch,phase,accuracy,loss,val_accuracy,val_loss,learning_rate,strength,kept\n"


def test_curves_come_back_as_text_with_the_epochs_of_all_phases_numbered_through(workspace):
    first, second = Epoch(1, "head", 0.5, 0.7, 0.6, 1 / 3, 0.1), Epoch(1, "fine_tune", 0.65, 0.55, 0.75, 0.45, 1e-5)

    write_history("first", [first, second], kept=0)

    expected = HEADER + "1,head,0.5,0.7,0.6,0.3333,0.1,,1\n2,fine_tune,0.65,0.55,0.75,0.45,1e-05,,0\n"
    assert (CURVES / "first.csv").read_bytes() == expected.encode()  # lines end as git's do
    history = read_history("first")
    assert list(history) == HEADER.strip().split(",")
    assert history["epoch"] == ["1", "2"]
    assert history["phase"] == ["head", "fine_tune"]
    assert history["val_loss"] == ["0.3333", "0.45"]
    assert history["kept"] == ["1", "0"]


def test_curves_without_an_epoch_are_refused(workspace):
    CURVES.mkdir(parents=True)
    (CURVES / "first.csv").write_text(HEADER)

    with pytest.raises(PipelineError, match=r"plots/curves/first\.csv has no epoch: run `dvc repro`"):
        read_history("first")


def test_missing_curves_are_named(workspace):
    with pytest.raises(PipelineError, match=r"plots/curves/first\.csv is missing: run `dvc repro`, or `dvc checkout`"):
        read_history("first")


def test_curves_of_a_single_epoch_come_back(workspace):
    write_history("first", [Epoch(1, "head", 0.5, 0.7, 0.6, 0.8, None, 10**-0.5)])

    cells = [cell for (cell,) in read_history("first").values()]
    assert cells == ["1", "head", "0.5", "0.7", "0.6", "0.8", "", "0.3162", "1"]
