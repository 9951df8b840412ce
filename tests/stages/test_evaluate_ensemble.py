import json
from pathlib import Path

import numpy as np
import pytest
from helpers import small_settings, write_arrays, write_params
from test_meta_model import build_member

from stacker.artifacts.arrays import load_images, load_labels
from stacker.artifacts.errors import PipelineError
from stacker.artifacts.saved_models import save_model
from stacker.ensembles.meta_model import assemble_ensemble, build_meta_model


@pytest.mark.parametrize("engine", ["keras", "openvino"])
@pytest.mark.parametrize("classes", [2, 3])
def test_evaluate_ensemble_scores_the_saved_model_fed_through_its_inputs(workspace, run_stage, engine, classes):
    write_arrays({"test": 9}, classes, side=8)
    document = small_settings()
    document["inference"]["engine"] = engine
    write_params(document)
    width = 1 if classes == 2 else classes
    members = {label: build_member(label, seed, width) for seed, label in enumerate(("first", "second"))}
    ensemble = assemble_ensemble(members, build_meta_model({"first": width, "second": width}, [4], classes, seed=0))
    save_model(ensemble, workspace / "models/ensemble.h5")

    run_stage("evaluate_ensemble")

    images = load_images("test").astype(np.float32)
    expected = np.asarray(ensemble({"first": images, "second": images}, training=False))
    with np.load("data/ensemble/ensemble.npz") as saved:
        np.testing.assert_allclose(saved["test"], expected, atol=1e-4)
    metrics = json.loads(Path("metrics/ensemble.json").read_text())
    guesses = expected[:, 0] > 0.5 if classes == 2 else expected.argmax(axis=1)
    assert metrics["accuracy"] == pytest.approx((guesses == load_labels("test")).mean(), abs=1e-6)
    assert (metrics["n"], metrics["engine"], metrics["precision"]) == (9, engine, "float32")
    assert Path("plots/roc/ensemble.csv").is_file()
    assert Path("plots/confusion/ensemble.csv").is_file()


def test_evaluate_ensemble_names_the_stage_to_run_when_there_is_no_model(workspace, run_stage):
    with pytest.raises(PipelineError, match=r"ensemble\.h5 cannot be loaded .*dvc repro stack"):
        run_stage("evaluate_ensemble")
