"""A setting of `training` that no member reads is a mistake, and is answered."""

import pytest
from helpers import write_edited

from stacker.artifacts.errors import PipelineError
from stacker.settings.members import choose_solver, load_member
from stacker.settings.whole import load_settings

LINEAR = {"training": {}}


@pytest.mark.parametrize(
    ("changes", "solver"),
    [
        ({}, "lbfgs"),
        ({"members.first.head": {"hidden": [4]}}, "minibatch"),
        ({"members.first.head": {"dropout": 0.5}}, "minibatch"),
        ({"members.first.training": {"fine_tune": {"layers": 3}}}, "minibatch"),
        ({"members.first.training": {"augmentation": {"zoom": 0.1}}}, "minibatch"),
        ({"backbone.trainable": True}, "minibatch"),
        ({"training": {"solver": "minibatch"}}, "minibatch"),
        ({"training": {"solver": "lbfgs"}}, "lbfgs"),
    ],
)
def test_a_head_of_one_layer_is_fitted_to_its_optimum_unless_the_settings_say_otherwise(workspace, changes, solver):
    write_edited({**LINEAR, **changes})

    assert choose_solver(load_member("first")) == solver


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"training": {"epochs": 3, "patience": 2}}, ["training.epochs: ", "training.patience: "]),
        ({"members.first.training": {"learning_rate": 0.1}}, ["members.first.training.learning_rate: "]),
        ({"training": {"solver": "minibatch", "C": 0.1}}, ["training.C: only `training.solver: lbfgs` knows"]),
        (
            {"training": {"epochs": 3, "C": 0.5}, "members.first.training": {"solver": "minibatch", "C": 2.0}},
            ["members.first.training.C: "],
        ),
    ],
)
def test_what_no_member_reads_is_refused(workspace, changes, lines):
    write_edited({**LINEAR, **changes})

    with pytest.raises(PipelineError) as caught:
        load_settings()

    message = str(caught.value)
    assert message.startswith(f"{len(lines)} wrong setting")
    assert [line for line in lines if f"\n  {line}" not in message] == []


@pytest.mark.parametrize(
    "changes",
    [
        {"training": {"C": 0.5, "class_weights": "balanced", "seed": 4, "initial_scores": True}},
        {"training": {"epochs": 3}, "members.first.head": {"hidden": [4]}},  # one member reads it
        {"training": {"fine_tune": None, "patience": 6}},  # as if they were not there
    ],
)
def test_what_one_member_reads_is_fine(workspace, changes):
    write_edited({**LINEAR, **changes})

    assert load_settings().members


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"members.first.head": {"hidden": [4], "dropout": 0.5}}, "`head.hidden: [4]` and `head.dropout: 0.5`"),
        ({"members.first.training": {"fine_tune": {"layers": 3}}}, "`training.fine_tune`"),
    ],
)
def test_what_cannot_be_fitted_to_an_optimum_is_named(workspace, changes, named):
    write_edited({"training": {"solver": "lbfgs"}, **changes})

    with pytest.raises(PipelineError, match=r"set `training\.solver: minibatch`") as caught:
        load_settings()

    assert f"cannot with {named}: " in str(caught.value)
