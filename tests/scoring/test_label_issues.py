"""Labels that are probably wrong: by hand, as cleanlab finds them, and on digits with labels turned at random."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_predict

from stacker.scoring import label_issues
from stacker.scoring.label_issues import compute_thresholds, find_label_issues

GOLDEN = Path(__file__).parent / "label_issues_golden.json"
LABELS = np.array([0, 0, 0, 1, 1, 1, 2])
PROBABILITIES = np.array(
    [
        [0.90, 0.10, 0.00],
        [0.05, 0.85, 0.10],  # sure: class 1 has its threshold at 0.6
        [0.40, 0.55, 0.05],  # leans to class 1, below its threshold
        [0.20, 0.80, 0.00],
        [0.03, 0.97, 0.00],
        [0.97, 0.03, 0.00],  # surest: its label has a probability of 0.03
        [0.00, 0.00, 1.00],
    ]
)


def test_a_class_has_its_threshold_at_its_mean_probability_over_the_photos_that_bear_its_label():
    thresholds = compute_thresholds(LABELS, np.hstack([PROBABILITIES, np.zeros((7, 1))]))

    assert thresholds == pytest.approx([0.45, 0.6, 1.0, np.inf])


def test_the_widest_margin_comes_first_and_as_many_are_sure_as_reach_a_threshold():
    issues = find_label_issues(LABELS, PROBABILITIES)

    assert issues.rows.tolist() == [5, 1, 2]
    assert issues.suggested.tolist() == [0, 1, 1]
    assert issues.sure == 2


def test_the_margin_counts_and_not_the_label_alone():
    labels = np.array([0, 0, 1, 2])
    probabilities = np.array([[0.1, 0.5, 0.4], [0.2, 0.8, 0.0], [0.0, 0.9, 0.1], [0.0, 0.0, 1.0]])

    assert find_label_issues(labels, probabilities).rows.tolist() == [1, 0]


def test_a_photo_whose_own_class_is_the_likeliest_is_no_find_though_it_reaches_the_threshold_of_another():
    labels = np.array([0, 0, 1, 1])
    probabilities = np.array([[0.55, 0.45], [0.9, 0.1], [0.7, 0.3], [0.5, 0.5]])  # thresholds: 0.725, 0.4

    issues = find_label_issues(labels, probabilities)

    assert (issues.rows.tolist(), issues.sure) == ([2], 0)


def test_blocks_change_nothing(monkeypatch):
    whole = find_label_issues(LABELS, PROBABILITIES)
    monkeypatch.setattr(label_issues, "BLOCK", 2)

    for one, other in zip(whole, find_label_issues(LABELS, PROBABILITIES), strict=True):
        assert np.array_equal(one, other)


def test_where_all_is_right_nothing_is_found():
    issues = find_label_issues(np.array([0, 1]), np.array([[0.6, 0.4], [0.3, 0.7]]))

    assert (issues.rows.tolist(), issues.suggested.tolist(), issues.sure) == ([], [], 0)


@pytest.mark.parametrize("case", json.loads(GOLDEN.read_text()), ids=lambda case: case["name"])
def test_finds_what_cleanlab_finds(case):
    """`cleanlab` in the file says of which version; the probabilities are drawn by `draw_answers`."""
    labels, probabilities = draw_answers(case["classes"], case["n"], case["seed"])

    issues = find_label_issues(labels, probabilities)

    assert compute_thresholds(labels, probabilities) == pytest.approx(case["thresholds"])
    assert issues.rows[: issues.sure].tolist() == case["found"]


def draw_answers(classes: int, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels of rarer and rarer classes, one in ten of them wrong, and what a model says that knows a little."""
    generator = np.random.default_rng(seed)
    truth = generator.choice(classes, n, p=np.arange(classes, 0, -1) / np.arange(classes + 1).sum())
    logits = generator.normal(size=(n, classes)) * 1.5 + 3 * np.eye(classes)[truth]
    logits[:, 0] += 1  # overconfident in one class
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = np.where(generator.random(n) < 0.1, generator.integers(0, classes, n), truth)
    return labels, np.round(probabilities, 6)


@pytest.fixture(scope="module")
def turned() -> list[tuple[float, float, float]]:
    """Precision and recall of what is found, and recall with what is in doubt, for three draws of turned labels."""
    return [turn_labels(seed) for seed in range(3)]


def turn_labels(seed: int) -> tuple[float, float, float]:
    """Turn 5 % of the digits' labels into another, predict each out-of-fold, and look for them."""
    pixels, truth = load_digits(return_X_y=True)
    generator = np.random.default_rng(seed)
    is_turned = generator.random(len(truth)) < 0.05
    labels = np.where(is_turned, (truth + generator.integers(1, 10, len(truth))) % 10, truth)
    model = LogisticRegression(C=1, max_iter=300)
    probabilities = cross_val_predict(model, pixels / 16, labels, cv=3, method="predict_proba")
    issues = find_label_issues(labels, probabilities)
    hits = is_turned[issues.rows[: issues.sure]].sum()
    return hits / issues.sure, hits / is_turned.sum(), is_turned[issues.rows].sum() / is_turned.sum()


def test_labels_of_digits_turned_at_random_are_found(turned):
    precision, recall, recall_with_doubt = np.mean(turned, axis=0)

    assert precision >= 0.85  # measured: 0.896
    assert recall >= 0.73  # 0.772
    assert recall_with_doubt >= 0.97  # 0.992
