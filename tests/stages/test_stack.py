from pathlib import Path

import keras
import numpy as np
import pytest
from helpers import (
    build_small_member,
    make_description,
    make_predictions,
    small_settings,
    write_arrays,
    write_edited,
    write_params,
)
from hostile_models import put_lambda

from stacker.artifacts.arrays import load_images, load_labels
from stacker.artifacts.curves import read_history
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.logits import compute_probabilities
from stacker.artifacts.predictions import load_ensemble_predictions, save_predictions
from stacker.artifacts.saved_models import save_model
from stacker.ensembles.leave_one_out import load_leave_one_out
from stacker.ensembles.meta_model import take_logits

COUNTS = {"train": 12, "validation": 4, "test": 4}


def predict(model: keras.Model, split: str, labels: list[str]) -> np.ndarray:
    images = load_images(split).astype(np.float32)
    inputs = {label: images for label in labels} if len(labels) > 1 else images
    return keras.ops.convert_to_numpy(model(inputs, training=False))


def predict_logits(member: keras.Model, split: str) -> np.ndarray:
    images = load_images(split).astype(np.float32)
    return keras.ops.convert_to_numpy(take_logits(member)(images, training=False))


@pytest.fixture
def trained(workspace):
    """Two small members as the stage train leaves them, and what they predict."""
    write_arrays(COUNTS, side=8)
    members = {}
    for seed, label in enumerate(("first", "second")):
        member = build_small_member(label, seed)
        members[label] = member
        save_model(member, workspace / f"models/members/{label}.h5", make_description(label))
        parts = {split: predict_logits(member, split) for split in COUNTS}
        held_out = np.random.default_rng(seed).normal(size=(12, 1)).astype(np.float32)
        rows = {"held_out_rows": np.arange(12), "held_out_fold": np.arange(12) // 2 % 2}
        save_predictions(label, make_predictions(**parts, held_out=held_out, **rows))
    return members


def read_ensemble(label: str = "ensemble") -> keras.Model:
    return keras.models.load_model(f"models/{label}.h5", compile=False)


def test_stack_puts_the_meta_model_on_the_members_bit_identical(trained, run_stage):
    run_stage("stack", "ensemble")

    ensemble = read_ensemble()
    assert {tensor.name for tensor in ensemble.inputs} == {"first", "second"}
    for label, member in trained.items():
        received = ensemble.get_layer(f"member_{label}").get_weights()
        assert len(received) > 5
        assert [weights.tobytes() for weights in received] == [w.tobytes() for w in member.get_weights()]
    meta_model = ensemble.get_layer("meta_model")
    assert meta_model.get_layer("hidden_0").units in (2, 6)  # plus and minus the weighted sum, and units that pay
    parts = {label: predict_logits(member, "test") for label, member in trained.items()}
    logits = keras.ops.convert_to_numpy(meta_model([parts[t.name] for t in meta_model.inputs], training=False))
    expected = compute_probabilities(logits)
    np.testing.assert_allclose(predict(ensemble, "test", ["first", "second"]), expected, atol=1e-6)


def test_stack_does_not_depend_on_the_order_of_the_members(trained, run_stage):
    run_stage("stack", "ensemble")
    expected = predict(read_ensemble(), "test", ["first", "second"])
    document = small_settings()
    document["members"] = {label: document["members"][label] for label in ("second", "first")}
    write_params(document)

    run_stage("stack", "ensemble")

    np.testing.assert_array_equal(predict(read_ensemble(), "test", ["first", "second"]), expected)


def test_stack_removes_strays_and_names_a_users_file_which_stays(trained, run_stage, workspace, capsys):
    save_model(build_small_member("gone", 5), workspace / "models/members/gone.h5", make_description("gone"))
    (workspace / "data/predictions/members/gone.npz").touch()
    (workspace / "plots/curves").mkdir(parents=True, exist_ok=True)
    (workspace / "plots/curves/gone.csv").touch()  # which only its model tells to be the pipeline's
    backup = workspace / "models/members/backup.h5"
    backup.write_bytes((workspace / "models/members/first.h5").read_bytes())

    run_stage("stack", "ensemble")

    assert not list(workspace.rglob("gone*"))
    assert backup.is_file()
    printed = capsys.readouterr().out
    for path in ("models/members/gone.h5", "data/predictions/members/gone.npz"):
        assert f"removed {path}: earlier settings left it behind" in printed
    assert "models/members/backup.h5 is not the pipeline's: it stays" in printed


def test_stack_saves_what_the_ensemble_gives_on_every_split(trained, run_stage, capsys):
    run_stage("stack", "ensemble")

    saved = load_ensemble_predictions("ensemble")
    for split in COUNTS:
        received = compute_probabilities(getattr(saved, split))
        np.testing.assert_allclose(received, predict(read_ensemble(), split, ["first", "second"]), atol=1e-6)
    assert saved.held_out_rows.tolist() == list(range(12))
    assert saved.held_out.shape == (12, 1)
    assert (str(saved.fit_on), int(saved.checked_photos)) == ("oof", 3)
    assert "ensemble: 3 of 4 test photos through the saved file (keras, float32)" in capsys.readouterr().out


def test_stack_reads_no_test_labels(trained, run_stage, workspace):
    (workspace / "data/arrays/test/labels.npy").unlink()

    run_stage("stack", "ensemble")

    assert read_history("ensemble")["epoch"][:2] == ["1", "2"]


def test_stack_checks_all_photos_where_asked(trained, run_stage):
    write_edited({"ensemble_check.photos": "all"})

    run_stage("stack", "ensemble")

    assert int(load_ensemble_predictions("ensemble").checked_photos) == 4


def test_stack_makes_each_ensemble_by_its_own_settings(trained, run_stage, workspace):
    write_edited(
        {
            "meta_models.boss": {"fit": "adam", "hidden": [], "epochs": 1},
            "meta_models.ensemble": {"hidden": [4], "spread": 0.5},
        }
    )

    run_stage("stack", "ensemble")
    run_stage("stack", "boss")

    assert read_ensemble("ensemble").get_layer("meta_model").count_params() == (4 + 1) * 6 + 6 + 1
    assert read_ensemble("boss").get_layer("meta_model").count_params() == 2 + 1
    assert read_ensemble("boss").name == "boss"
    assert len(read_history("boss")["epoch"]) == 1
    assert load_leave_one_out("boss", ["first", "second"])["first"].members == ["second"]
    assert load_leave_one_out("boss", ["first", "second"])["first"].layers[0][0].shape == (2, 2)
    assert load_leave_one_out("ensemble", ["first", "second"])["first"].layers[0][0].shape == (2, 6)


def test_stack_folds_a_temperature_into_the_output_layer(trained, run_stage, capsys):
    run_stage("stack", "ensemble")
    plain = load_ensemble_predictions("ensemble").test.astype(np.float64)
    write_edited({"meta_models.ensemble.calibration": "temperature"})

    run_stage("stack", "ensemble")

    saved = load_ensemble_predictions("ensemble")
    ratio = plain / saved.test
    given = predict(read_ensemble(), "test", ["first", "second"])
    np.testing.assert_allclose(given, compute_probabilities(saved.test), atol=1e-6)
    assert "calibration: temperature" in capsys.readouterr().out
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-4)
    assert abs(ratio[0, 0] - 1) > 1e-3


def test_stack_weighs_the_classes_as_the_members_were_trained(trained, run_stage, capsys):
    for label, member in trained.items():
        parts = {split: predict_logits(member, split) for split in COUNTS}
        rows = {"held_out_rows": np.arange(12), "held_out_fold": np.arange(12) // 2 % 2}
        save_predictions(label, make_predictions(**parts, held_out=parts["train"], **rows, is_balanced=np.array(True)))

    run_stage("stack", "ensemble")

    assert "on the rows it learnt, every class counting the same" in capsys.readouterr().out


def test_stack_warns_of_leaked_predictions(trained, run_stage, capsys):
    for label, member in trained.items():
        parts = {split: predict_logits(member, split) for split in COUNTS}
        rows = {"held_out_rows": np.arange(12), "held_out_fold": np.full(12, -1)}
        save_predictions(label, make_predictions(**parts, held_out=parts["train"], **rows))

    run_stage("stack", "ensemble")

    assert "leaked" in capsys.readouterr().out
    assert load_ensemble_predictions("ensemble").held_out.shape == (0, 1)


def test_stack_refuses_members_that_hold_out_other_rows(trained, run_stage):
    parts = {split: predict_logits(trained["first"], split) for split in COUNTS}
    rows = {"held_out_rows": np.arange(6), "held_out_fold": np.zeros(6, int)}
    save_predictions("first", make_predictions(**parts, held_out=parts["train"][:6], **rows))

    with pytest.raises(PipelineError, match="held-out rows differ"):
        run_stage("stack", "ensemble")


def test_stack_refuses_predictions_of_another_model(trained, run_stage, workspace):
    save_model(build_small_member("first", 99), workspace / "models/members/first.h5", make_description("first"))
    parts = {split: 3 - predict_logits(trained["first"], split) for split in COUNTS}
    rows = {"held_out_rows": np.arange(12), "held_out_fold": np.arange(12) // 2 % 2}
    held_out = (load_labels("train")[:, None] * 4.0 - 2).astype("f")
    save_predictions("first", make_predictions(**parts, held_out=held_out, **rows))

    with pytest.raises(PipelineError, match="the assembled ensemble ensemble differs by"):
        run_stage("stack", "ensemble")


def test_stack_names_the_stage_to_run_when_a_model_is_missing(trained, run_stage, workspace):
    (workspace / "models/members/second.h5").unlink()

    with pytest.raises(PipelineError, match=r"second\.h5 is missing: run `dvc repro train@second`"):
        run_stage("stack", "ensemble")


def test_stack_says_what_to_run_first_where_no_member_is_trained(workspace, run_stage):
    write_params(small_settings())

    with pytest.raises(PipelineError, match=r"first\.npz is missing: run `dvc repro train@first`"):
        run_stage("stack", "ensemble")


def test_stack_lists_the_ensembles_when_there_is_none_of_that_name(trained, run_stage):
    with pytest.raises(PipelineError, match="meta_models has no 'boss': choose from ensemble"):
        run_stage("stack", "boss")


def test_stack_refuses_a_member_that_somebody_put_there_with_code_in_it(trained, run_stage):
    put_lambda(Path("models/members/second.h5"))

    with pytest.raises(PipelineError, match=r"models/members/second\.h5 is refused: .*'__lambda__'.*train@second"):
        run_stage("stack", "ensemble")

    assert not Path("models/ensemble.h5").exists()
