import keras
import numpy as np
import pytest
from backend_marks import ENGINES
from helpers import build_small_member, make_description, make_inference

from stacker.artifacts.errors import PipelineError
from stacker.artifacts.saved_models import save_model
from stacker.ensembles.meta_model import assemble_ensemble, build_meta_model
from stacker.ensembles.saved_check import check_saved

FLOAT32 = {"float32"}
IMAGES = np.random.default_rng(0).integers(0, 16, (11, 8, 8, 3), np.uint8)  # dark: no probability is 1


@pytest.fixture
def ensemble(tmp_path) -> keras.Model:
    """Saved as boss.h5 in the working directory of the test."""
    members = {label: build_small_member(label, seed) for seed, label in enumerate(("first", "second"))}
    model = assemble_ensemble("boss", members, build_meta_model({"first": 1, "second": 1}, True, [4], 2, seed=0))
    save_model(model, tmp_path / "boss.h5", make_description("boss"))
    return model


def predict_logits(model: keras.Model) -> np.ndarray:
    images = IMAGES.astype(np.float32)
    probabilities = keras.ops.convert_to_numpy(model({"first": images, "second": images}, training=False))
    return np.log(probabilities / (1 - probabilities))


def move(logit: np.ndarray, difference: float | np.ndarray) -> np.ndarray:
    """The logit of a probability that lies so much higher."""
    probability = 1 / (1 + np.exp(-logit)) + difference
    return np.log(probability / (1 - probability))


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("photos", "count"), [(3, 3), (99, 11), ("all", 11)])
def test_the_saved_file_gives_what_its_parts_give(ensemble, tmp_path, capsys, engine, photos, count):
    checked = check_saved(
        tmp_path / "boss.h5", IMAGES, predict_logits(ensemble), FLOAT32, make_inference(engine=engine), photos
    )

    assert checked == {"checked_photos": count}
    printed = capsys.readouterr().out
    assert f"boss: {count} of 11 test photos through the saved file ({engine}, float32): largest difference" in printed
    assert "100.00% of the decisions equal" in printed


def test_another_model_is_refused(ensemble, tmp_path):
    expected = predict_logits(ensemble)
    expected[6] = move(expected[6], 0.002)  # twice what float32 may differ

    with pytest.raises(PipelineError, match=r"boss differs by 0\.002 from its parts \(tolerance 0\.001\)"):
        check_saved(tmp_path / "boss.h5", IMAGES, expected, FLOAT32, make_inference(), "all")


def test_predictions_in_a_coarser_precision_may_lie_further_off(ensemble, tmp_path):
    expected = predict_logits(ensemble)
    expected[6] = move(expected[6], 0.002)
    inference = make_inference()

    assert check_saved(tmp_path / "boss.h5", IMAGES, expected, {"float32", "bfloat16"}, inference, "all")
    expected[6] = move(expected[6], 0.2)
    with pytest.raises(PipelineError, match=r"boss differs by 0\.2 from its parts \(tolerance 0\.1\)"):
        check_saved(tmp_path / "boss.h5", IMAGES, expected, {"bfloat16"}, inference, "all")


def test_what_the_file_gives_is_kept_where_a_members_predictions_came_through_int8(ensemble, tmp_path, capsys):
    expected = predict_logits(ensemble)
    wanted = 1 / (1 + np.exp(-expected))
    inwards = np.where(wanted < 0.5, 1, -1)  # what is near 0 cannot move down
    expected[6] = move(expected[6], 0.2 * inwards[6])
    path, made_in, inference = tmp_path / "boss.h5", {"float32", "int8"}, make_inference(precision="int8")

    kept = check_saved(path, IMAGES, expected, made_in, inference, 3)  # far fewer than it takes at least

    assert kept["checked_photos"] == 11
    np.testing.assert_array_equal(kept["saved_rows"], np.arange(11))
    np.testing.assert_allclose(kept["saved_test"], wanted, atol=1e-5)
    assert "mean difference 1.8e-02" in capsys.readouterr().out  # 0.2 of one photo in 11
    expected[:] = move(expected, 0.15 * inwards)
    with pytest.raises(PipelineError, match=r"boss differs by 0\.17 from its parts \(tolerance 0\.1\)"):
        check_saved(path, IMAGES, expected, made_in, inference, 3)


def test_rows_that_are_not_taken_are_not_compared(ensemble, tmp_path):
    expected = predict_logits(ensemble)
    expected[1] = 1 - expected[1]  # of 11 rows the 3 taken are 0, 3 and 7

    assert check_saved(tmp_path / "boss.h5", IMAGES, expected, FLOAT32, make_inference(), 3)["checked_photos"] == 3
    with pytest.raises(PipelineError, match=r"differs by 0\.\d+ from its parts \(tolerance 0\.001\)"):
        check_saved(tmp_path / "boss.h5", IMAGES, expected, FLOAT32, make_inference(), "all")


def test_an_undefined_answer_is_refused(ensemble, tmp_path):
    with pytest.raises(PipelineError, match="differs by nan from its parts"):
        check_saved(
            tmp_path / "boss.h5", IMAGES, np.full((11, 1), np.nan, np.float32), FLOAT32, make_inference(), "all"
        )


def test_a_missing_file_is_named_with_its_stage(tmp_path):
    with pytest.raises(PipelineError, match=r"boss\.h5 cannot be loaded .*dvc repro stack@boss"):
        check_saved(tmp_path / "boss.h5", IMAGES, np.zeros((11, 1), np.float32), FLOAT32, make_inference(), "all")
