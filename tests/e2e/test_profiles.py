"""Every profile runs, at a scale that a test can afford: small drawn images, random weights, one epoch.

All are slow, as they keep their own networks; `make test` runs cats_vs_dogs with smaller ones in `test_pipeline.py`.
"""

import pytest
import yaml

from .clone import ROOT, Params, clone_working_tree, draw_photos, shrink
from .scores import check_curves, check_ensemble, check_metrics, count_rows

PROFILES = sorted((ROOT / "profiles").glob("*.yaml"))
CLASSES = {"many_classes": 10}  # two where nothing is said
PHOTOS = 12  # of every class, in every folder of photos
SIDE = 75  # px: the least that every architecture takes


def draw_folders(project, data: Params, classes: int) -> int:
    """Draw the folders of photos that `data.splits` names; the number of test images is returned."""
    names = [f"class_{number}" for number in range(classes)]
    for seed, source in enumerate(data["splits"].values()):
        if isinstance(source, str):
            draw_photos(project.path / data["images"] / source, names, PHOTOS, seed)
    test = data["splits"]["test"]
    return classes * (PHOTOS if isinstance(test, str) else max(1, round(test * PHOTOS)))


def name_stages(params: Params) -> set[str]:
    members, ensembles = params["members"], params["meta_models"]
    return (
        {"check", "prepare", "fuse", "compare", "audit"}
        | {f"{stage}@{label}" for stage in ("embed", "train", "evaluate") for label in members}
        | {f"{stage}@{key}" for stage in ("stack", "evaluate_ensemble") for key in ensembles}
    )


def test_all_experiments_have_a_profile():
    names = {"cats_vs_dogs", "tutorial_stacking", "compare_backbones"}
    assert names | {"before_and_after", "many_classes", "vgg16_augmented"} <= {path.stem for path in PROFILES}


@pytest.mark.slow
@pytest.mark.parametrize("profile", PROFILES, ids=[path.stem for path in PROFILES])
def test_a_profile_runs(profile, tmp_path):
    project = clone_working_tree(tmp_path / "project")
    params = shrink(yaml.safe_load(profile.read_text(encoding="utf-8")), SIDE)
    params["fetch"] = {}  # no network
    project.write_params(params)
    n = draw_folders(project, params["data"], CLASSES.get(profile.stem, 2))
    repro = project.repro()
    assert repro.ran == name_stages(params), repro.output
    counts = count_rows(project, test=n)
    for member in params["members"]:
        check_metrics(project, member, counts, has_initial=params["training"].get("initial_scores", False))
        check_curves(project, member, epochs=params["training"].get("epochs", 0))  # 0: fitted to its optimum
    for ensemble, settings in params["meta_models"].items():
        check_metrics(project, ensemble, counts)
        check_ensemble(project, ensemble, counts)
        check_curves(project, ensemble, epochs=settings.get("epochs", 0))
