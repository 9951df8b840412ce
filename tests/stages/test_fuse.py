"""The rival on the features of all members side by side: small made-up features, no network."""

from pathlib import Path

import numpy as np
import pytest
from featured_project import WIDTHS, write_featured_project, write_features

from stacker.artifacts.arrays import load_classes, load_groups, load_labels
from stacker.artifacts.predictions import load_fused
from stacker.splits.held_out import plan_fits, plan_tuning
from stacker.training.linear_fits import fit_strengths, tune_strength
from stages import fuse


def join(split: str) -> np.ndarray:
    return np.hstack([np.load(f"data/features/{label}/{split}.npy") for label in WIDTHS])


@pytest.mark.parametrize("fit_on", ["oof", "holdout", "train"])
def test_held_out_rows_are_predicted_by_fits_that_have_not_learnt_them(workspace, capsys, fit_on):
    write_featured_project(**{"stacking.fit_on": fit_on})

    fuse.main()

    received, train, labels = load_fused(), join("train"), load_labels("train")
    plan = plan_fits(fit_on, labels, load_groups("train"), 2, 0.25, 0, load_classes())
    tuning = tune_strength(train, labels, plan_tuning(plan, labels, load_groups("train"), 2, 0), False)
    strength = tuning.strengths[tuning.best]
    assert f"C={strength:.2g} ->" in capsys.readouterr().out
    expected = np.full((24, 1), np.nan)
    for fold in [*plan.folds, plan.final]:
        (head,) = fit_strengths(train, labels, fold.learn, (strength,), False)
        expected[fold.predict] = head.predict(train[fold.predict])
    np.testing.assert_allclose(received.held_out, expected[received.held_out_rows], atol=1e-5)
    np.testing.assert_array_equal(received.held_out_fold, plan.cuts)
    assert received.fit_on == fit_on
    (whole,) = fit_strengths(train, labels, plan.final.learn, (strength,), False)
    np.testing.assert_allclose(received.test, whole.predict(join("test")), atol=1e-5)


def test_it_is_left_out_where_a_member_keeps_no_features(workspace, capsys):
    write_featured_project(**{"members.second.backbone": {"name": "MobileNetV2", "trainable": True}})

    fuse.main()

    assert "`features` is left out: second keeps no features (backbone.trainable: true)" in capsys.readouterr().out
    assert load_fused() is None


def test_it_is_left_out_where_there_are_too_many_features(workspace, capsys, monkeypatch):
    write_featured_project()
    monkeypatch.setattr(fuse, "MOST_VALUES", 24 * 8 * 2 - 1)

    fuse.main()

    assert "left out: 384 features times classes to learn from are more than 383" in capsys.readouterr().out
    assert load_fused() is None


def test_what_a_member_of_earlier_settings_left_is_swept_before_it_is_read(workspace, capsys):
    write_featured_project()
    write_features("gone", 4, 7)
    curves = [Path("plots/curves", f"{label}.csv") for label in ("gone", "first", "ensemble")]
    curves[0].parent.mkdir(parents=True)
    for path in curves:
        path.touch()

    fuse.main()

    assert "removed data/features/gone: earlier settings left it behind" in capsys.readouterr().out
    assert [path.stem for path in curves if path.exists()] == ["first", "ensemble"]
    assert {path.name for path in Path("data/features").iterdir()} == set(WIDTHS)
