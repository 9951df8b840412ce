"""Fits that are interrupted after some epoch and go on: they end with the bits of one that nothing disturbed."""

import contextlib
import random
import re
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest
from helpers import make_inference, make_member

from stacker.artifacts.checkpoints import CHECKPOINTS, Checkpoint, Checkpoints
from stacker.artifacts.errors import PipelineError
from stacker.splits.held_out import Fold, Plan
from stacker.training import fit_record
from stacker.training.batches import Batches, encode_targets
from stacker.training.choosing import choose_trainer
from stacker.training.fit_record import FitRecord
from stacker.training.fitting import FitSettings, fit_model, make_deterministic
from stacker.training.held_out_predictions import predict_held_out
from stacker.training.member_data import MemberData
from stacker.training.resuming import hash_array, hash_training, resumed_training
from stacker.training.trainer import Trainer

pytestmark = pytest.mark.thorough

AUGMENTATION = {"horizontal_flip": True, "rotation_degrees": 20, "shift": 0.1, "zoom": 0.1}
FINE_TUNE = {"layers": "conv_1", "epochs": 5, "learning_rate": 0.05, "batch_norm": "trained"}
ON_TENSORFLOW = keras.backend.backend() == "tensorflow"  # others draw other weights, and stop elsewhere
ROWS = np.array([0, 1, 2, 3, 5, 6, 8, 11])
WAYS = {
    "activations": {"fine_tune": FINE_TUNE},
    "augmented": {"fine_tune": FINE_TUNE, "augmentation": AUGMENTATION},
    "trainable": {"trainable": True, "augmentation": AUGMENTATION, "optimizer": "sgd"},
}


@pytest.fixture(autouse=True)
def keep_every_epoch(monkeypatch, set_dropout):
    """Whatever it costs; the networks have dropout."""
    make_deterministic()
    set_dropout(0.3)
    monkeypatch.setattr(fit_record, "LARGEST_SHARE", float("inf"))
    monkeypatch.setattr(fit_record, "CURVES_SECONDS", 0.0)


def make_trainer(data: MemberData, way: str, digits: str | None = "0123", **training) -> Trainer:
    settings = {"epochs": 4, "schedule": "cosine", "warmup_epochs": 1, "batch_size": 3, "patience": 2, **WAYS[way]}
    settings |= {"learning_rate": 0.1, "optimizer": "adam", **WAYS[way], **training}
    trainable = settings.pop("trainable", False)
    member = make_member({"trainable": trainable}, {"hidden": [3], "dropout": 0.4}, **settings)
    trainer = choose_trainer("pet", member, data._replace(features={}) if trainable else data, make_inference())
    trainer.checkpoints = None if digits is None else Checkpoints("pet", digits)
    return trainer


HEAD, TAIL = "training the head,", "fine-tuning,"
TAKEN = {  # by each run that goes on; the second epoch that a run keeps is its last
    "activations": [(HEAD, "2"), (HEAD, "4"), (TAIL, "1")],  # early stopping ends it
    "augmented": [(HEAD, "2"), (HEAD, "4"), (TAIL, "1"), (HEAD, "4"), (TAIL, "3")],
    "trainable": [("training the network,", "2")],
}


class StandIn(SimpleNamespace):
    """A trainer without a network."""

    place = ""
    fit_name = Trainer.fit_name


def train(trainer: Trainer) -> tuple[list[bytes], tuple]:
    """The bytes of the weights that a fit gives, and its epochs."""
    keras.utils.clear_session()  # as a new process would
    random.seed()  # a process begins anywhere
    fitted = trainer.fit_final(ROWS)
    return [values.tobytes() for values in trainer.assemble(fitted).get_weights()], fitted.history


def interrupt(monkeypatch, method: str, number: int) -> None:
    """Press Ctrl-C when `method` of a record has been called for the time of that number."""
    original, calls = getattr(FitRecord, method), []

    def call(self, *arguments):
        original(self, *arguments)
        calls.append(self)
        if len(calls) == number:
            raise KeyboardInterrupt

    monkeypatch.setattr(FitRecord, method, call)


@pytest.mark.parametrize(
    "way", [way if way == "augmented" else pytest.param(way, marks=pytest.mark.slow) for way in WAYS]
)
def test_a_training_that_is_interrupted_in_every_phase_ends_with_the_same_bits(way, small_data, monkeypatch, capsys):
    expected = train(make_trainer(small_data, way, digits=None))
    assert not CHECKPOINTS.exists()
    assert len({epoch.val_loss for epoch in expected[1]}) == len(expected[1])  # it moves in every epoch

    received = None
    while received is None:
        with monkeypatch.context() as patch:
            interrupt(patch, "keep_epochs", 2)
            with contextlib.suppress(KeyboardInterrupt):
                received = train(make_trainer(small_data, way))

    assert received == expected
    told = r"^pet: (.*) up to epoch (\d): taken from \.checkpoints/pet/0123, where an interrupted run kept it$"
    taken = re.findall(told, capsys.readouterr().out, re.MULTILINE)
    assert taken == TAKEN[way] if ON_TENSORFLOW else len(taken) > 0


def test_a_fold_that_is_done_is_not_fitted_again(workspace, capsys):
    fits: list[int] = []

    def fit(rows):
        fits.append(len(rows))
        if len(fits) == 2:
            raise KeyboardInterrupt
        return rows.sum()

    def predict(fitted, request):
        return [(fitted + request[1])[:, np.newaxis].astype(np.float32)]

    checkpoints = Checkpoints("pet", "01")
    trainer = StandIn(label="pet", runs_network=True, fit=fit, fit_ahead=len, predict=predict, checkpoints=checkpoints)
    folds = [Fold(np.array(learn), np.array(held)) for learn, held in (([1, 2, 3], [0]), ([0, 3], [1, 2]), ([0], [3]))]
    plan, logits = Plan(folds, Fold(np.arange(4), np.empty(0, np.int64)), np.zeros(4)), np.zeros((4, 1), np.float32)
    with pytest.raises(KeyboardInterrupt):
        predict_held_out(trainer, plan, logits, 1.0)
    assert trainer.checkpoints.explain_stop().startswith("pet: fold 1 of 3, and all before it is kept in ")

    held_out = predict_held_out(trainer, plan, logits, 1.0)["held_out"]

    assert fits == [3, 2, 2, 1]
    assert held_out[:, 0].tolist() == [6, 4, 5, 3]
    assert "pet: fold 1 of 3: as an interrupted run has kept it\n" in capsys.readouterr().out


def find_record() -> FitRecord:
    return FitRecord(Checkpoints("pet", "01"), "final", "head", "pet: fitting")


def make_fit(**changes) -> tuple[keras.Model, Batches, Batches, FitSettings]:
    """What `fit_model` takes: a small model, batches to learn from and to watch, and settings."""
    settings = FitSettings(epochs=8, batch_size=6, learning_rate=0.05, patience=2, seed=7)._replace(**changes)
    keras.utils.set_random_seed(3)
    inputs = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    targets = encode_targets((inputs[:, 0] > 0).astype(np.int64), 1)
    keras.config.set_dtype_policy(settings.precision)
    layers = [keras.Input((5,)), keras.layers.Dense(8, "relu"), keras.layers.Dropout(0.2)]
    model = keras.Sequential([*layers, keras.layers.Dense(1, dtype="float32")], name="small")
    keras.config.set_dtype_policy("float32")
    return (
        model,
        Batches(inputs, targets, np.arange(30), 6, 7),
        Batches(inputs, targets, np.arange(30, 40), 10),
        settings,
    )


CASES = {
    "early stopping, after the best epoch": ({"patience": 2 if ON_TENSORFLOW else 4, "learning_rate": 0.2}, 5, 2),
    "no early stopping": ({"patience": None, "learning_rate": 0.2}, 8, 7),
    "a scaled loss": ({"precision": "mixed_float16"}, 8, 7),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fit_goes_on_with_its_early_stopping_and_its_optimizer(case, workspace, monkeypatch):
    changes, length, best = CASES[case]
    expected, *rest = make_fit(**changes)
    epochs = fit_model(expected, *rest, "head")
    if ON_TENSORFLOW:
        assert (len(epochs), np.argmin([epoch.val_loss for epoch in epochs])) == (length, best)
    with monkeypatch.context() as patch:
        interrupt(patch, "keep_epochs", 4)
        with pytest.raises(KeyboardInterrupt):
            fit_model(*make_fit(**changes), "head", record=find_record())

    model, *rest = make_fit(**changes)
    record = find_record()
    assert record.epochs == 4
    received = fit_model(model, *rest, "head", record=record)

    assert received == epochs
    for first, second in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_fit_draws_from_nothing_that_a_checkpoint_leaves_out(workspace):
    """Layers draw from generators of their own: of the global ones, Python's alone is used, and kept."""
    from keras.src.backend.common import global_state

    model, *rest = make_fit()
    fit_model(model, *rest, "head")

    state = np.random.get_state()[1].tolist()
    keras.utils.set_random_seed(7)
    assert state == np.random.get_state()[1].tolist()
    assert global_state.get_global_attribute("global_seed_generator") is None


def test_the_progress_of_a_fit_that_goes_on_counts_what_was_done(workspace, monkeypatch, read_progress, capsys):
    with monkeypatch.context() as patch:
        interrupt(patch, "keep_epochs", 4)
        with pytest.raises(KeyboardInterrupt):
            fit_model(*make_fit(patience=None), "head", record=find_record())
    capsys.readouterr()

    record = find_record()
    fit_model(*make_fit(patience=None), "head", True, "pet: fitting", record)

    printed = capsys.readouterr()
    assert "\npet: fitting: epoch 8 of 8: loss " in printed.out
    assert printed.err.startswith("pet: fitting: 21 of 40 steps at most")


def test_curves_can_be_watched_while_it_trains(small_data, monkeypatch):
    with monkeypatch.context() as patch:
        interrupt(patch, "draw", 6)  # the head has four epochs
        with pytest.raises(KeyboardInterrupt):
            train(make_trainer(small_data, "activations", patience=8))

    lines = Path(".checkpoints/pet/curves/final.csv").read_text().splitlines()
    assert lines[0].startswith("epoch,phase,accuracy,loss,")
    assert [line.split(",")[:2] for line in lines[1:]] == [
        *([str(number), "head"] for number in range(1, 5)),
        *([str(number), "fine_tune"] for number in range(5, 7)),
    ]
    assert [line[-1] for line in lines[1:]].count("1") == 1


def test_writing_takes_a_small_share_of_the_time(workspace, monkeypatch):
    """Of a clock on which an epoch takes 10 s and a write 1.5 s: after one, there is none for 75 s."""
    clock, written = [1000.0], []
    monkeypatch.setattr(fit_record, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(fit_record, "LARGEST_SHARE", 0.02)

    def keep(self, parts):
        written.append(len(parts.epochs))
        clock[0] += 1.5

    def draw(self, epochs, patience):
        clock[0] += 10

    monkeypatch.setattr(FitRecord, "keep_epochs", keep)
    monkeypatch.setattr(FitRecord, "draw", draw)
    fit_model(*make_fit(patience=None, epochs=20), "head", record=find_record())

    assert written == [1, 9, 17]


PLAN = Plan([Fold(ROWS[:4], ROWS[4:]), Fold(ROWS[4:], ROWS[:4])], Fold(ROWS, ROWS[:0]), np.zeros(12, np.int64))


@pytest.fixture
def written_code(workspace) -> Path:
    path = Path("data/code/train.txt")
    path.parent.mkdir(parents=True)
    path.write_text("module stages.train 0123\n")
    return path


def change(values: np.ndarray) -> np.ndarray:
    changed = values.copy()
    changed.flat[-1] += 1
    return changed


def hash_one(data: MemberData, hashed: str = "settings", plan: Plan = PLAN, **changes) -> str:
    return hash_training(SimpleNamespace(data=data._replace(**changes)), hashed, plan)


def test_the_hash_of_a_training_changes_with_all_that_it_comes_from(small_data, written_code):
    seen = [
        hash_one(small_data),
        hash_one(small_data, hashed="others"),
    ]
    for field in ("images", "labels", "features"):
        for split in ("train", "validation"):
            values = getattr(small_data, field)
            seen.append(hash_one(small_data, **{field: {**values, split: change(values[split])}}))
    seen.append(hash_one(small_data, plan=PLAN._replace(folds=PLAN.folds[::-1])))
    seen.append(hash_one(small_data, plan=PLAN._replace(final=Fold(ROWS[:-1], ROWS[:0]))))
    seen += [hash_one(small_data, class_count=3), hash_one(small_data, features={})]
    assert hash_one(small_data) == seen[0]
    written_code.write_text("module stages.train 4567\n")
    seen.append(hash_one(small_data))

    assert len(set(seen)) == len(seen)


def test_test_photos_do_not_change_the_hash(small_data, written_code):
    images = {**small_data.images, "test": change(small_data.images["test"])}

    assert hash_one(small_data, images=images) == hash_one(small_data)


def test_arrays_of_equal_bytes_have_the_same_hash_only_where_type_and_shape_are_equal():
    values = np.arange(6, dtype=np.int64)

    assert hash_array(values) == hash_array(np.repeat(values, 2)[::2])
    assert len({hash_array(array) for array in (values, values.reshape(2, 3), values.view(np.uint64))}) == 3


def test_checkpoints_go_when_a_training_succeeds_and_stay_when_it_does_not(small_data, written_code):
    trainer = make_trainer(small_data, "trainable", digits=None)

    def stop(error: type[BaseException]) -> None:
        with resumed_training(trainer, "settings", PLAN):
            trainer.checkpoints.write("final/all", Checkpoint({}, {}), "pet: the network")
            raise error

    with pytest.raises(PipelineError):
        stop(PipelineError)
    assert trainer.checkpoints.read("final/all") is not None
    with pytest.raises(KeyboardInterrupt, match=r"^pet: the network, and all before it is kept in .checkpoints/pet/"):
        stop(KeyboardInterrupt)
    assert trainer.checkpoints.read("final/all") is not None
    with resumed_training(trainer, "settings", PLAN):
        pass
    assert not any(CHECKPOINTS.iterdir())


def test_a_training_of_seconds_keeps_nothing(small_data, workspace):
    trainer = choose_trainer("pet", make_member(), small_data, make_inference())

    with resumed_training(trainer, "settings", PLAN):
        assert trainer.checkpoints is None

    assert not CHECKPOINTS.exists()
