"""Every profile runs, at a scale that a test can afford: small drawn images, random weights, one epoch."""

import json

import pytest
import yaml

from .clone import ROOT, Params, clone_working_tree, draw_photos

PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
CLASSES = {"many_classes": 10}  # two where nothing is said
PHOTOS = 12  # of every class, in every folder of photos
SIDE = 75  # px: the least that every architecture takes
REDUCED = {"weights": None, "epochs": 1, "folds": 2, "image_size": SIDE}


def shrink(settings: Params) -> Params:
    """The profile's settings, of members and shared blocks alike, with the costly ones reduced."""
    return {
        key: shrink(value)
        if isinstance(value, dict)
        else REDUCED[key]
        if key in REDUCED and value is not None
        else value
        for key, value in settings.items()
    }


def draw_folders(project, data: Params, classes: int) -> int:
    """Draw the folders of photos that `data.splits` names; the number of test images is returned."""
    names = [f"class_{number}" for number in range(classes)]
    for seed, source in enumerate(data["splits"].values()):
        if isinstance(source, str):
            draw_photos(project.path / data["images"] / source, names, PHOTOS, seed)
    test = data["splits"]["test"]
    return classes * (PHOTOS if isinstance(test, str) else max(1, round(test * PHOTOS)))


def name_stages(params: Params) -> set[str]:
    members, ensemble = params["members"], params["stacking"]["meta_models"]
    return (
        {"prepare"}
        | {f"{stage}@{label}" for stage in ("embed", "train", "evaluate") for label in members}
        | {f"{stage}@{key}" for stage in ("stack", "evaluate_ensemble") for key in ensemble}
    )


def check_metrics(metrics: Params, n: int, has_initial: bool) -> None:
    assert metrics["n"] == n
    for scores in (metrics, metrics["initial"]) if has_initial else (metrics,):
        assert 0 <= scores["accuracy"] <= 1
        assert scores["log_loss"] > 0
    assert 0 <= metrics["roc_auc"] <= 1


def test_all_experiments_have_a_profile():
    names = {"cats_vs_dogs", "tutorial_stacking", "compare_backbones"}
    assert names | {"before_and_after", "many_classes", "vgg16_augmented"} <= {path.stem for path in PROFILES}


@pytest.mark.parametrize("profile", PROFILES, ids=[path.stem for path in PROFILES])
def test_a_profile_runs(profile, tmp_path):
    project = clone_working_tree(tmp_path / "project")
    params = shrink(yaml.safe_load(profile.read_text(encoding="utf-8")))
    params["data"]["fetch"] = {}  # no network
    params["inference"]["precision"] = "float32"  # what every CPU has
    project.write_params(params)
    n = draw_folders(project, params["data"], CLASSES.get(profile.stem, 2))
    repro = project.repro()
    assert repro.ran - {"compare"} == name_stages(params), repro.output
    for model in [*params["members"], *params["stacking"]["meta_models"]]:
        metrics = json.loads((project.path / f"metrics/{model}.json").read_text(encoding="utf-8"))
        check_metrics(metrics, n, has_initial=params["training"]["initial_scores"] and model != "ensemble")
        curves = (project.path / f"plots/curves/{model}.csv").read_text(encoding="utf-8").splitlines()
        assert len(curves) == 2  # a header and one epoch
