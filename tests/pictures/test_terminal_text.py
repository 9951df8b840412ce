"""What `compare` says on the terminal, from made-up findings."""

from pathlib import Path

from stacker.pictures.terminal_text import describe_findings
from stacker.scoring.leaderboard import Findings, Judgement
from stacker.scoring.significance import Comparison
from stacker.scoring.standings import Model, Standing

AHEAD = Comparison(9, 1, 0.01, -0.1, -0.2, -0.05, 0.01, 0.02, 0.01)
NOT_APART = AHEAD._replace(adjusted_p_value=0.6, adjusted_loss_p_value=0.6)
WHERE = [Path("plots/leaderboard.png"), Path("metrics/leaderboard.md")]


def make_standing(kind, name, held_out, accuracy, loss):
    return Standing(Model(kind, name, None, None), {"log_loss": held_out}, {"accuracy": accuracy, "log_loss": loss})


STANDINGS = [
    make_standing("ensemble", "boss", 0.07634, 0.97221, 0.083),
    make_standing("baseline", "best_member", 0.5, 0.9, 12.5),  # the next one again, which people see once
    make_standing("member", "a_long_name_of_a_member", 0.5, 0.9, 12.5),
    make_standing("baseline", "greedy", 10.25, 0.5, 1.0),
]


def make_findings(ensembles):
    return Findings(
        STANDINGS, ["cat", "dog"], "a_long_name_of_a_member", ensembles, [], 9, "oof", (0.5, "cat"), "0f", {}
    )


def test_models_stand_in_columns_before_the_verdict_and_where_to_look():
    findings = make_findings({"boss": Judgement({"a_long_name_of_a_member": AHEAD, "baseline: greedy": NOT_APART}, {})})

    assert describe_findings(findings, WHERE).splitlines() == [
        "                         held-out log loss  test accuracy  test log loss",
        "boss                                0.0763         0.9722         0.0830",
        "a_long_name_of_a_member             0.5000         0.9000        12.5000",
        "baseline: greedy                   10.2500         0.5000         1.0000",
        "By log loss or by photos, the ensemble is ahead of a_long_name_of_a_member; not told apart from greedy.",
        "Look at plots/leaderboard.png and metrics/leaderboard.md.",
    ]


def test_each_of_several_ensembles_has_its_verdict_under_its_name():
    findings = make_findings({"boss": Judgement({"first": AHEAD}, {}), "other": Judgement({"first": NOT_APART}, {})})

    assert describe_findings(findings, WHERE).splitlines()[4:6] == [
        "By log loss or by photos, boss is ahead of first.",
        "By log loss or by photos, other is not told apart from first.",
    ]


def test_without_an_ensemble_the_best_member_is_named():
    assert describe_findings(make_findings({}), WHERE).splitlines()[-2:] == [
        "By held-out log loss, a_long_name_of_a_member is the best member.",
        "Look at plots/leaderboard.png and metrics/leaderboard.md.",
    ]
