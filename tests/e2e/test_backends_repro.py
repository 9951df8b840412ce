"""The default for real on another backend, with heads that learn by mini-batches for two epochs."""

import json

import pytest

from .clone import clone_working_tree


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_the_default_learns_in_two_epochs_on(backend, tmp_path):
    pytest.importorskip(backend)
    project = clone_working_tree(tmp_path / "project")
    project.environment.pop("KERAS_BACKEND", None)
    params = project.read_params()
    params["backend"] = backend
    params["training"] = {"solver": "minibatch", "epochs": 2, "learning_rate": 0.01}
    params["meta_models"]["dense"] = {"fit": "adam", "hidden": [8], "epochs": 2}
    members = params["members"]
    params["members"] = {label: {**settings, "head": {"standardize": True}} for label, settings in members.items()}
    project.write_params(params)

    ran = project.repro().ran

    assert {f"{stage}@{label}" for stage in ("embed", "train", "evaluate") for label in members} <= ran
    assert {"stack@ensemble", "stack@dense", "compare", "audit"} <= ran
    for label in (*members, "ensemble", "dense"):
        scores = json.loads((project.path / f"metrics/{label}.json").read_text(encoding="utf-8"))
        assert (
            scores["test"]["accuracy"] > 0.8
        )  # measured on JAX, PyTorch and TensorFlow: 0.84 to 0.96; guessing gives 0.5
    for label in members:
        facts = json.loads((project.path / f"data/features/{label}/provenance.json").read_text(encoding="utf-8"))
        assert facts == {"backend": backend, "engine": "keras", "precision": "float32", "weights_name": "random"}
