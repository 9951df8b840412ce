"""The whole procedure on small made-up features: every photo is a test photo once."""

import json
from pathlib import Path

import numpy as np
import pytest
from featured_project import write_featured_project
from helpers import write_edited

from stacker.artifacts.arrays import load_groups, load_labels
from stacker.artifacts.errors import PipelineError
from stacker.ensembles import procedure
from stacker.settings.whole import load_settings
from stages import cross_validate

N = 24 + 8 + 8


def test_every_photo_is_a_test_photo_once(workspace, monkeypatch, capsys):
    write_featured_project(**{"training": {}, "cross_validation": {"outer": {"folds": 3}}})
    runs, run = [], procedure.Procedure.run
    monkeypatch.setattr(procedure.Procedure, "run", lambda self, *pools: (runs.append(pools), run(self, *pools))[1])

    cross_validate.main("outer")

    told = [line for line in capsys.readouterr().out.splitlines() if ": fold " in line]
    assert [line.partition(" photos ")[0].rpartition(":")[0] for line in told] == [
        f"outer: fold {number} of 3" for number in (1, 2, 3)
    ]
    assert told[-1].endswith("; 0.0 minutes left")
    rows = [[pool.features["second"] for pool in pools] for pools in runs]
    tested = np.concatenate([test for _, _, test in rows])
    assert len(np.unique(tested, axis=0)) == len(tested) == N
    for parts in rows:  # what is learnt, watched and tested shares no photo
        assert len(np.unique(np.concatenate(parts), axis=0)) == N
    scores = json.loads(Path("metrics/cross_validation/outer.json").read_text(encoding="utf-8"))
    assert (scores["n"], scores["folds"]) == (N, 3)
    models = {name for name, values in scores.items() if isinstance(values, dict)}
    assert {"members.first", "members.second", "ensembles.ensemble", "baselines.features"} < models
    for name in models:
        low, accuracy, high = (scores[name][key] for key in ("accuracy_low", "accuracy", "accuracy_high"))
        assert low < accuracy < high
        assert round(accuracy * N, 3).is_integer()
    page = Path("metrics/cross_validation/outer.md").read_text(encoding="utf-8")
    assert f"{N} photos" in page
    assert "**ensemble**" in page
    assert len(load_labels("test")) < N > len(load_groups("train"))


@pytest.mark.parametrize(
    "changes", [{"fine_tune": {"layers": 3}}, {"augmentation": {"zoom": 0.1}}], ids=["fine_tune", "augmentation"]
)
def test_a_member_that_learns_from_images_is_refused(workspace, changes):
    write_edited({"members.second.training": changes, "cross_validation": {"outer": {}}})

    with pytest.raises(PipelineError, match="repeats the whole procedure on kept features, and second learns from"):
        load_settings()
