"""Ranking, flat metrics and markdown."""

import json

import numpy as np
import pytest

from stacker.pictures.leaderboard_text import describe_lead, write_markdown
from stacker.scoring.contributions import Pair
from stacker.scoring.leaderboard import Findings, Judgement, flatten_findings
from stacker.scoring.scores import compute_scores
from stacker.scoring.significance import Comparison, compute_mcnemar
from stacker.scoring.standings import Model, rank_models

CLASSES = ["cat", "a|b"]
LABELS = np.arange(40) % 2
NO_DIFFERENCE = Comparison(0, 0, 1.0, 0.0, 0.0, 0.0)
JUDGEMENT = Judgement(
    against={"first": Comparison(3, 1, 0.625, -0.1, -0.2, -0.05), "baseline: mean": NO_DIFFERENCE},
    without={"first": Comparison(3, 0, 0.25, -0.1, -0.2, 0.1), "second": Comparison(0, 2, 0.5, 0.1, 0.05, 0.2)},
)


def make_probabilities(wrong, sureness=0.8):
    """Probabilities (40, 2) that are wrong on the first `wrong` rows."""
    of_truth = np.where(np.arange(40) < wrong, 1 - sureness, sureness)
    return np.where(np.eye(2)[LABELS] == 1, of_truth[:, np.newaxis], 1 - of_truth[:, np.newaxis])


def make_models():
    return [
        Model("member", "first", make_probabilities(4)),
        Model("member", "second", make_probabilities(8)),
        Model("baseline", "mean", make_probabilities(4, 0.7), "unweighted"),
        Model("ensemble", "ensemble", make_probabilities(2)),
    ]


def make_findings(models=None, **changes):
    findings = Findings(
        standings=rank_models(models or make_models(), LABELS, CLASSES),
        classes=CLASSES,
        best_member="first",
        ensembles={"ensemble": JUDGEMENT},
        pairs=[Pair("first", "second", 0.5, 0.1, 4)],
        oracle=39,
        is_leaked=False,
    )
    return findings._replace(**changes)


def test_ranks_by_accuracy_then_log_loss_then_name():
    models = [*make_models(), Model("member", "another", make_probabilities(8))]

    names = [standing.model.name for standing in rank_models(models, LABELS, CLASSES)]

    assert names == ["ensemble", "first", "mean", "another", "second"]
    assert names == [standing.model.name for standing in rank_models(models[::-1], LABELS, CLASSES)]


def test_scores_are_those_of_scores_py_with_an_interval_of_the_log_loss():
    for model, scores in rank_models(make_models(), LABELS, CLASSES):
        low, high = scores.pop("log_loss_low"), scores.pop("log_loss_high")
        assert scores == compute_scores(LABELS, model.test, CLASSES)
        assert low <= scores["log_loss"] <= high


def test_metrics_are_flat_and_name_every_model():
    values = flatten_findings(make_findings())

    assert json.loads(json.dumps(values)) == values
    assert {type(value) for value in values.values()} <= {int, float, bool, str}
    assert values["n"] == 40
    assert values["leaked"] is False
    assert values["best_member"] == "first"
    assert values["ensemble.accuracy"] == 0.95
    assert values["members.second.recall.cat"] == 0.8
    assert values["baselines.mean.log_loss"] > values["members.first.log_loss"]
    assert values["ensemble_against.best_member.p_value"] == 0.625
    assert values["ensemble_against.baselines.mean.gained"] == 0
    assert values["ensemble_without.second.lost"] == 2
    assert {key: value for key, value in values.items() if key.startswith("pairs.")} == {
        "pairs.first.second.error_correlation": 0.5,
        "pairs.first.second.disagreement": 0.1,
        "pairs.first.second.both_wrong": 4,
    }
    assert [key for key in values if key.endswith((".n", ".recall"))] == []  # n is the same for all
    assert values["oracle.accuracy"] == 39 / 40


def test_metrics_do_not_depend_on_who_leads():
    models = make_models()
    better = [*models[1:], models[0]._replace(test=make_probabilities(0))]

    assert list(flatten_findings(make_findings())) == list(flatten_findings(make_findings(better)))


def test_metrics_come_in_the_order_of_their_keys():
    models = [Model("ensemble", "zoo", make_probabilities(2)), *make_models()]

    values = flatten_findings(make_findings(models))

    accuracies = [key for key in values if key.endswith(".accuracy") and key != "oracle.accuracy"]
    assert accuracies == [
        f"{key}.accuracy" for key in ("baselines.mean", "ensemble", "members.first", "members.second", "zoo")
    ]


def test_every_ensemble_has_metrics_of_its_own():
    boss = Judgement({"first": Comparison(7, 2, 0.18, 0.1, 0.0, 0.2)}, {"second": Comparison(1, 5, 0.2, 0.1, 0.0, 0.2)})

    values = flatten_findings(make_findings(ensembles={"ensemble": JUDGEMENT, "boss": boss}))

    assert values["ensemble_against.best_member.gained"] == 3
    assert values["boss_against.best_member.gained"] == 7
    assert values["ensemble_without.second.lost"] == 2
    assert values["boss_without.second.lost"] == 5
    assert "boss_without.first.lost" not in values


def test_what_is_undefined_has_no_key():
    values = flatten_findings(make_findings(pairs=[Pair("first", "second", None, 0.1, 4)]))

    assert "pairs.first.second.error_correlation" not in values
    assert "pairs.first.second.disagreement" in values


def read_tables(text):
    """The tables of a markdown text, each a list of lines of cells."""
    blocks = [block.splitlines() for block in text.split("\n\n") if block.startswith("|")]
    return [[line.replace("\\|", "/").strip("|").split("|") for line in block] for block in blocks]


def test_markdown_says_all_of_it():
    text = write_markdown(make_findings())

    assert text.startswith("# Leaderboard\n")
    assert text.endswith("\n")
    assert "40 test photos, 2 classes" in text
    assert "15 bins of equal width" in text
    assert "| 1 | **ensemble** | 0.9500 | 0.8350 to 0.9862 | 38 |" in text
    assert "- baseline: mean: unweighted" in text
    assert "- Removing first loses 3 of 40 photos (p = 0.25)." in text
    assert "- Removing second wins 2 of 40 photos (p = 0.5)." in text
    assert "At least one member is right on 39 of 40 photos (0.9750)" in text
    assert "Leaked" not in text


def test_markdown_tables_are_whole():
    tables = read_tables(write_markdown(make_findings()))

    assert len(tables) == 5
    for table in tables:
        assert {len(line) for line in table} == {len(table[0])}


def test_markdown_calls_several_ensembles_by_their_labels():
    boss = Judgement({"first": Comparison(7, 2, 0.18, 0.1, 0.0, 0.2)}, {"second": Comparison(1, 5, 0.2, 0.1, 0.0, 0.2)})
    models = [*make_models(), Model("ensemble", "boss", make_probabilities(6))]

    text = write_markdown(make_findings(models, ensembles={"ensemble": JUDGEMENT, "boss": boss}))

    assert "## Is ensemble better?" in text
    assert "## Is boss better?" in text
    assert "- Of 40 photos, boss gets 5 more right than first, the best member by validation: no significant" in text
    assert "- Of 40 photos, ensemble gets 2 more right than first, the best member by validation" in text
    assert "the ensemble gets" not in text
    assert text.index("### To ensemble") < text.index("Removing first loses 3") < text.index("### To boss")
    assert text.index("### To boss") < text.index("- Removing second wins 4 of 40 photos: 1 lost, 5 won")
    assert len(read_tables(text)) == 7


def test_markdown_calls_the_only_ensemble_the_ensemble():
    text = write_markdown(make_findings(ensembles={"boss": JUDGEMENT}))

    assert "## Is the ensemble better?" in text
    assert "| against | only the ensemble right | only the other right |" in text
    assert "### To" not in text


def test_markdown_warns_of_leaks():
    assert "**Leaked predictions.** `stacking.fit_on` is `train`" in write_markdown(make_findings(is_leaked=True))


def test_markdown_of_a_single_member_has_no_comparison():
    text = write_markdown(make_findings(make_models()[:1], ensembles={}, pairs=[]))

    assert "ensemble" not in text
    assert "What each member adds" not in text
    assert len(read_tables(text)) == 2


@pytest.mark.parametrize(
    ("comparison", "parts"),
    [
        ((6, 0, -0.1, -0.2, -0.05), ("6 more right than first", "a significant", "lower, and so better")),
        ((0, 6, 0.1, 0.05, 0.2), ("6 fewer right than first", "a significant", "higher, and so worse")),
        ((3, 2, 0.0, -0.1, 0.1), ("1 more right than first", "no significant", "not told apart")),
        ((2, 2, 0.0, -0.1, 0.1), ("as many right as first", "no significant", "2 against 2, p = 1")),
    ],
)
def test_a_loss_is_said_as_plainly_as_a_win(comparison, parts):
    gained, lost, *loss = comparison
    text = describe_lead("the ensemble", "first", Comparison(gained, lost, compute_mcnemar(gained, lost), *loss), 40)

    assert all(part in text for part in parts)
