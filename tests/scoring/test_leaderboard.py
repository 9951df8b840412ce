"""Ranking, flat metrics and markdown."""

import json

import numpy as np
import pytest

from stacker.pictures.leaderboard_text import write_markdown
from stacker.pictures.verdict_text import describe_lead, summarise_leads
from stacker.scoring.contributions import Pair
from stacker.scoring.leaderboard import Findings, Judgement, flatten_findings
from stacker.scoring.rows import Rows
from stacker.scoring.scores import compute_scores, compute_summary
from stacker.scoring.significance import Comparison
from stacker.scoring.standings import Model, rank_models

CLASSES = ["cat", "a|b"]
LABELS = np.arange(40) % 2
ROWS = Rows(LABELS, np.arange(40))


def make_comparison(gained, lost, p_value, loss=(0.0, 0.0, 0.0), **changes):
    """Nothing adjusted, and no difference in log loss, unless told."""
    return Comparison(gained, lost, p_value, *loss, 1.0, p_value, 1.0)._replace(**changes)


NO_DIFFERENCE = make_comparison(0, 0, 1.0)
JUDGEMENT = Judgement(
    against={
        "first": make_comparison(3, 1, 0.3, (-0.1, -0.2, -0.05), adjusted_p_value=0.6),
        "baseline: mean": NO_DIFFERENCE,
    },
    without={
        "first": make_comparison(3, 0, 0.25, (-0.1, -0.2, 0.1)),
        "second": make_comparison(0, 2, 0.5, (0.1, 0.05, 0.2)),
    },
)
BOSS = Judgement({"first": make_comparison(7, 2, 0.18)}, {"second": make_comparison(1, 5, 0.2)})


def make_probabilities(wrong, sureness=0.8):
    """Probabilities (40, 2) that are wrong on the first `wrong` rows."""
    of_truth = np.where(np.arange(40) < wrong, 1 - sureness, sureness)
    return np.where(np.eye(2)[LABELS] == 1, of_truth[:, np.newaxis], 1 - of_truth[:, np.newaxis])


def make_model(kind, name, wrong, sureness=0.8, held_out_wrong=None, note=""):
    """As many mistakes on the held-out rows as on the test split, unless told."""
    held_out = make_probabilities(wrong if held_out_wrong is None else held_out_wrong, sureness)
    summary = compute_summary(LABELS, held_out, ROWS.groups)
    return Model(kind, name, summary, make_probabilities(wrong, sureness), note)


def make_models():
    return [
        make_model("member", "first", 4),
        make_model("member", "second", 8),
        make_model("baseline", "mean", 4, 0.7, note="unweighted"),
        make_model("ensemble", "ensemble", 2, held_out_wrong=3),
    ]


def make_findings(models=None, **changes):
    findings = Findings(
        standings=rank_models(models or make_models(), ROWS, CLASSES),
        classes=CLASSES,
        best_member="first",
        ensembles={"ensemble": JUDGEMENT},
        pairs=[Pair("first", "second", 0.5, 0.1, 4)],
        oracle=39,
        choice_rows="oof",
        largest_class=(0.5, "cat"),
        test_set="0f1e2d3c4b5a6978",
        splits={"train": Rows(np.array([1, 1, 0]), np.array([4, 4, 5])), "test": ROWS},
    )
    return findings._replace(**changes)


def test_ranks_by_held_out_log_loss_then_accuracy_then_name_whatever_the_test_says():
    lucky = make_model("member", "lucky", wrong=0, held_out_wrong=12)
    models = [*make_models(), lucky, make_model("member", "another", 8)]

    names = [standing.model.name for standing in rank_models(models, ROWS, CLASSES)]

    assert names == ["ensemble", "first", "mean", "another", "second", "lucky"]
    assert names == [standing.model.name for standing in rank_models(models[::-1], ROWS, CLASSES)]


def test_scores_are_those_of_scores_py_with_an_interval_of_the_log_loss():
    for model, held_out, scores in rank_models(make_models(), ROWS, CLASSES):
        low, high = scores.pop("log_loss_low"), scores.pop("log_loss_high")
        assert scores == compute_scores(LABELS, model.test, CLASSES, ROWS.groups)
        assert held_out == model.held_out
        assert low <= scores["log_loss"] <= high


def test_the_best_member_is_marked_and_stands_on_the_board_once():
    models = make_models()
    copy = models[0]._replace(kind="baseline", name="best_member", note="first, by held-out log loss")

    text = write_markdown(make_findings([*models, copy]))

    assert "best member:" not in text
    assert "| 2 | first ★ |" in text
    assert text.count("★") == 2  # the mark, and what it means


def test_metrics_are_flat_and_name_every_model():
    values = flatten_findings(make_findings())

    assert json.loads(json.dumps(values)) == values
    assert {type(value) for value in values.values()} <= {int, float, bool, str}
    assert values["n"] == 40
    assert values["leaked"] is False
    assert values["best_member"] == "first"
    assert (values["test_set"], values["heldout_rows"], values["groups"]) == ("0f1e2d3c4b5a6978", "oof", 40)
    assert values["ensemble.test.accuracy"] == 0.95
    assert values["ensemble.heldout.accuracy"] == 37 / 40
    assert values["members.second.test.recall.cat"] == 0.8
    assert values["baselines.mean.test.log_loss"] > values["members.first.test.log_loss"]
    assert values["ensemble_against.best_member.p_value"] == 0.3
    assert values["ensemble_against.best_member.adjusted_p_value"] == 0.6
    assert values["ensemble_against.baselines.mean.gained"] == 0
    assert values["ensemble_without.second.lost"] == 2
    assert {key: value for key, value in values.items() if key.startswith("pairs.")} == {
        "pairs.first.second.error_correlation": 0.5,
        "pairs.first.second.disagreement": 0.1,
        "pairs.first.second.both_wrong": 4,
    }
    said_a_model = [key for key in values if key.endswith((".n", ".recall")) and not key.startswith("splits.")]
    assert said_a_model == []  # n is the same for all
    assert values["oracle.accuracy"] == 39 / 40
    assert {key: value for key, value in values.items() if key.startswith("splits.")} == {
        "splits.train.n": 3,
        "splits.train.groups": 2,
        "splits.train.of.cat": 1,
        "splits.train.of.a|b": 2,
        "splits.test.n": 40,
        "splits.test.groups": 40,
        "splits.test.of.cat": 20,
        "splits.test.of.a|b": 20,
    }


def test_metrics_do_not_depend_on_who_leads():
    models = make_models()
    better = [*models[1:], models[0]._replace(test=make_probabilities(0))]

    assert list(flatten_findings(make_findings())) == list(flatten_findings(make_findings(better)))


def test_metrics_come_in_the_order_of_their_keys():
    models = [make_model("ensemble", "zoo", 2), *make_models()]

    values = flatten_findings(make_findings(models))

    accuracies = [key for key in values if key.endswith(".test.accuracy")]
    assert accuracies == [
        f"{key}.test.accuracy" for key in ("baselines.mean", "ensemble", "members.first", "members.second", "zoo")
    ]


def test_every_ensemble_has_metrics_of_its_own():
    values = flatten_findings(make_findings(ensembles={"ensemble": JUDGEMENT, "boss": BOSS}))

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
    assert "40 test photos (test set 0f1e2d3c4b5a6978), 2 classes" in text
    assert "15 bins of equal width" in text
    assert "| 1 | **ensemble** | 0.3271 | 0.9250 | 0.9500 | 0.8350 to 0.9862 | 38 | 0.2925 |" in text
    assert "| first | 3 | 1 | 0.3 | 0.6 | -0.1000 | -0.2000 to -0.0500 |" in text
    assert "- baseline: mean: unweighted" in text
    assert "- Removing first loses 3 of 40 photos (p = 0.25)." in text
    assert "- Removing second wins 2 of 40 photos (p = 0.5)." in text
    assert "At least one member is right on 39 of 40 photos (0.9750)" in text
    assert "Leaked" not in text
    assert "says little" not in text


def test_markdown_tables_are_whole():
    tables = read_tables(write_markdown(make_findings()))

    assert len(tables) == 6
    for table in tables:
        assert {len(line) for line in table} == {len(table[0])}


def test_markdown_calls_several_ensembles_by_their_labels():
    models = [*make_models(), make_model("ensemble", "boss", 6)]

    text = write_markdown(make_findings(models, ensembles={"ensemble": JUDGEMENT, "boss": BOSS}))

    assert "## Is ensemble better?" in text
    assert "## Is boss better?" in text
    assert (
        "- Of 40 photos, boss gets 5 more right than first, the best member by held-out log loss: no significant"
        in text
    )
    assert "- Of 40 photos, ensemble gets 2 more right than first, the best member by held-out log loss" in text
    assert "the ensemble gets" not in text
    assert text.index("### To ensemble") < text.index("Removing first loses 3") < text.index("### To boss")
    assert text.index("### To boss") < text.index("- Removing second wins 4 of 40 photos: 1 lost, 5 won")
    assert len(read_tables(text)) == 8


def test_markdown_calls_the_only_ensemble_the_ensemble():
    text = write_markdown(make_findings(ensembles={"boss": JUDGEMENT}))

    assert "## Is the ensemble better?" in text
    assert "| against | only the ensemble right | only the other right |" in text
    assert "### To" not in text


def test_markdown_warns_of_leaks():
    assert "**Leaked predictions.** `stacking.fit_on` is `train`" in write_markdown(
        make_findings(choice_rows="validation")
    )


def test_markdown_warns_where_one_class_is_nearly_all():
    text = write_markdown(make_findings(largest_class=(0.801, "a|b")))

    assert "**Accuracy says little here.** 80.1% of the test photos are a|b" in text
    assert "says little" not in write_markdown(make_findings(largest_class=(0.8, "cat")))


def test_markdown_counts_copies_as_what_they_are():
    test = Rows(LABELS, np.arange(40) // 2)
    standings = rank_models(make_models(), test, CLASSES)

    text = write_markdown(make_findings(standings=standings))

    assert text.splitlines()[2].startswith("40 test photos in 20 groups (test set")


def test_of_many_classes_those_recognised_least_are_listed():
    names = [f"class_{number}" for number in range(30)]
    labels = np.repeat(np.arange(30), 2)
    answers = np.eye(30)[labels] * 0.9 + 0.1 / 30
    answers[14] = np.eye(30)[3]  # of class 7, one photo of two is taken for class 3
    rows = Rows(labels, np.arange(60))

    only = Model("member", "only", compute_summary(labels, answers, rows.groups), answers)
    standings = rank_models([only], rows, names)
    text = write_markdown(make_findings(standings=standings, classes=names, ensembles={}, pairs=[]))

    table = read_tables(text)[-1]
    assert "The 20 of 30 classes that are recognised least" in text
    assert "recognises any photo of 0 classes. Of only, half of the classes have a recall of 1.0000 or more" in text
    assert [line[0].strip() for line in table[2:4]] == ["class_7", "class_0"]
    assert len(table) == 22


def test_markdown_of_a_single_member_has_no_comparison():
    text = write_markdown(make_findings(make_models()[:1], ensembles={}, pairs=[]))

    assert "ensemble" not in text
    assert "What each member adds" not in text
    assert len(read_tables(text)) == 3


@pytest.mark.parametrize(
    ("comparison", "parts"),
    [
        (
            make_comparison(6, 0, 0.03, (-0.1, -0.2, -0.05), adjusted_loss_p_value=0.04),
            ("6 more right than first", "a significant", "lower, and so better", "6 against 0, p = 0.03 by Holm"),
        ),
        (
            make_comparison(0, 6, 0.03, (0.1, 0.05, 0.2), adjusted_loss_p_value=0.04),
            ("6 fewer right than first", "a significant", "higher, and so worse"),
        ),
        (
            make_comparison(6, 0, 0.03, (-0.1, -0.2, -0.05), adjusted_p_value=0.09, adjusted_loss_p_value=0.06),
            ("6 more right than first", "no significant", "not told apart", "p = 0.09 by Holm"),
        ),
        (make_comparison(2, 2, 1.0), ("as many right as first", "no significant", "2 against 2, p = 1")),
    ],
)
def test_a_loss_is_said_as_plainly_as_a_win_and_significant_is_what_holms_correction_leaves(comparison, parts):
    text = describe_lead("the ensemble", "first", comparison, 40)

    assert [part for part in parts if part not in text] == []


def test_a_sentence_says_of_which_others_an_ensemble_is_ahead_or_behind():
    against = {
        "first": make_comparison(9, 1, 0.02),
        "baseline: mean": make_comparison(3, 4, 0.7, (-0.1, -0.2, -0.05), adjusted_loss_p_value=0.01),
        "baseline: greedy": make_comparison(3, 4, 0.7, (0.1, 0.05, 0.2), adjusted_loss_p_value=0.01),
        "baseline: logistic": make_comparison(1, 9, 0.02),
        "baseline: weights": make_comparison(5, 4, 0.06, (-0.1, -0.2, 0.05), adjusted_loss_p_value=0.06),
        "baseline: features": make_comparison(1, 9, 0.02, (-0.1, -0.2, -0.05), adjusted_loss_p_value=0.01),
    }

    assert summarise_leads("boss", against) == (
        "By log loss or by photos, boss is ahead of first, mean; behind greedy, logistic; not told apart from weights, "
        "features."
    )


def test_names_of_classes_are_text_whatever_they_look_like():
    names = ["<script>", "a\n# b"]
    findings = make_findings(
        standings=rank_models(make_models(), ROWS, names),
        classes=names,
        largest_class=(0.9, "<script>"),
    )
    note = findings.standings[0].model._replace(note="always <script>, by the classes' shares")
    findings = findings._replace(standings=[findings.standings[0]._replace(model=note), *findings.standings[1:]])

    text = write_markdown(findings)

    assert "<script>" not in text
    assert text.count("&lt;script&gt;") == 3
    assert "| a # b |" in text
